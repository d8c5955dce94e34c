"""Rendering: merging, the array, the snapshot and its dates."""

import gzip
import json
import random

from client.items import SLICE, parse
from client.render import Edition, digest, merge, render, render_array, stamp
from tests.support import TestCase


class Merged(TestCase):
    def test_each_item_is_there_once_at_its_first_occurrence(self) -> None:
        results = [b"aaaaaaaabbbbbbbbaaaaaaaa", b"bbbbbbbbcccccccc", b"", b"aaaaaaaadddddddd"]
        self.assertEqual(merge(results), [b"aaaaaaaa", b"bbbbbbbb", b"cccccccc", b"dddddddd"])

    def test_nothing_merged_is_nothing(self) -> None:
        self.assertEqual(merge([]), [])
        self.assertEqual(merge([b"", b""]), [])


class RenderedArray(TestCase):
    def test_it_is_compact_with_raw_utf_8(self) -> None:
        self.assertEqual(render_array([b"630e1244", b"5f4a8990"]), b'["630e1244","5f4a8990"]')
        self.assertEqual(render_array([]), b"[]")
        self.assertEqual(render_array(["żółw5".encode()]), '["żółw5"]'.encode())

    def test_what_json_must_escape_is_escaped(self) -> None:
        self.assertEqual(render_array([b'"\\\x00\n/ab\x7f']), b'["\\"\\\\\\u0000\\n/ab\x7f"]')

    def test_it_is_what_an_endpoint_may_send(self) -> None:
        for length in (0, 1, SLICE, SLICE + 1):
            items = [b"%08x" % index for index in range(length)]
            with self.subTest(length):
                body = render_array(items)
                self.assertEqual(parse(body), b"".join(items))
                self.assertEqual(json.loads(body), [item.decode() for item in items])


class RenderedSnapshot(TestCase):
    def test_it_holds_the_array_in_both_codings(self) -> None:
        snapshot = render([b"630e1244", b"5f4a8990630e1244"], Edition(), 100.0)
        self.assertEqual(snapshot.identity, b'["630e1244","5f4a8990"]')
        self.assertEqual(gzip.decompress(snapshot.gzip), snapshot.identity)
        self.assertEqual(snapshot.items, 2)
        self.assertEqual(snapshot.identity_digest, digest(b'["630e1244","5f4a8990"]'))
        self.assertEqual(snapshot.gzip_digest, digest(bytes(snapshot.gzip)))

    def test_the_same_data_is_the_same_snapshot_whenever_it_is_rendered(self) -> None:
        first = render([b"630e1244"], Edition(), 100.0)
        edition = Edition(first.identity_digest, first.last_modified)
        self.assertEqual(render([b"630e1244", b"630e1244"], edition, 5000.0), first)

    def test_other_data_is_of_the_moment_of_its_change(self) -> None:
        before = Edition(b"x" * 16, 100)
        self.assertEqual(render([b"630e1244"], before, 5000.0).last_modified, 5000)


class Stamps(TestCase):
    def test_a_stamp_is_the_time_and_later_than_the_one_before(self) -> None:
        self.assertEqual(stamp(0, 100.9), 100)
        self.assertEqual(stamp(100, 100.9), 101)
        self.assertEqual(stamp(5000, 100.9), 5001)

    def test_no_date_that_a_server_showed_makes_older_data_pass_for_newer(self) -> None:
        """Changes and questions at random moments, with a wall clock that is set back and forth."""
        chance = random.Random(17)
        for _ in range(200):
            wall, edition, seen = 1000.0, Edition(), list[tuple[bytes, int]]()
            for _ in range(50):
                wall += chance.choice([0.1, 0.3, 0.9, 2.0, -3600.0, 3600.0])
                if chance.random() < 0.5:
                    edition = edition.following(chance.randbytes(16), wall)
                for held, since in seen:
                    if edition.last_modified <= since:  # the server would answer 304
                        self.assertEqual(held, edition.digest)
                seen.append((edition.digest, min(edition.last_modified, int(wall))))
