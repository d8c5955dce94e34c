"""Rendering: merging, the array, the snapshot and its dates."""

import gzip
import json
import random
import zlib

from client.items import ITEM_SIZE, SLICE, parse
from client.render import HEAVY, Edition, digest, merge, render, render_array, stamp
from tests.support import TestCase


def merged(*results: bytes) -> list[bytes]:
    """Merge packed items, and tell them in one list."""
    return [item for fresh in merge(results) for item in fresh]


class Merged(TestCase):
    def test_each_item_is_there_once_at_its_first_occurrence(self) -> None:
        results = (b"aaaaaaaabbbbbbbbaaaaaaaa", b"bbbbbbbbcccccccc", b"", b"aaaaaaaadddddddd")
        self.assertEqual(merged(*results), [b"aaaaaaaa", b"bbbbbbbb", b"cccccccc", b"dddddddd"])

    def test_nothing_merged_is_nothing(self) -> None:
        self.assertEqual(merged(), [])
        self.assertEqual(merged(b"", b""), [])

    def test_duplicates_within_and_across_slices_are_found_and_the_order_is_kept(self) -> None:
        chance = random.Random(23)
        for length in (SLICE - 1, SLICE, SLICE + 1, 3 * SLICE):
            results = [
                b"".join(b"%08x" % chance.randrange(2 * length) for _ in range(length))
                for _ in range(3)
            ]
            once = dict.fromkeys(
                packed[i : i + ITEM_SIZE]
                for packed in results
                for i in range(0, len(packed), ITEM_SIZE)
            )
            with self.subTest(length):
                self.assertEqual(merged(*results), list(once))

    def test_no_step_yields_more_than_a_slice(self) -> None:
        packed = b"".join(b"%08x" % index for index in range(5 * SLICE))
        sizes = [len(fresh) for fresh in merge([packed, packed])]
        self.assertEqual(sizes, [SLICE] * 5 + [0] * 5)


class RenderedArray(TestCase):
    def rendered(self, *slices: list[bytes]) -> bytes:
        """Render slices of items, and check that they are counted."""
        array, count = render_array(slices)
        self.assertEqual(count, sum(map(len, slices)))
        return bytes(array)

    def test_it_is_compact_with_raw_utf_8(self) -> None:
        array = b'["630e1244","5f4a8990"]'
        self.assertEqual(self.rendered([b"630e1244", b"5f4a8990"]), array)
        self.assertEqual(self.rendered(["żółw5".encode()]), '["żółw5"]'.encode())

    def test_slices_without_items_leave_no_trace(self) -> None:
        one, other = [b"630e1244"], [b"5f4a8990"]
        for slices in ([one, other], [[], one, [], other, []], [[], [], one, other]):
            self.assertEqual(self.rendered(*slices), b'["630e1244","5f4a8990"]')
        self.assertEqual(self.rendered(), b"[]")
        self.assertEqual(self.rendered([], []), b"[]")

    def test_what_json_must_escape_is_escaped(self) -> None:
        self.assertEqual(self.rendered([b'"\\\x00\n/ab\x7f']), b'["\\"\\\\\\u0000\\n/ab\x7f"]')

    def test_each_item_is_rendered_as_json_does(self) -> None:
        """All characters of ASCII and some others, each beside items that need no escape."""
        for character in map(chr, (*range(128), 0xE9, 0x2028, 0xFFFF, 0x1F600)):
            item = character + "x" * (ITEM_SIZE - len(character.encode()))
            strings = ["630e1244", item, "5f4a8990"]
            array = json.dumps(strings, ensure_ascii=False, separators=(",", ":"))
            with self.subTest(repr(character)):
                self.assertEqual(self.rendered([s.encode() for s in strings]), array.encode())

    def test_it_is_what_an_endpoint_may_send(self) -> None:
        for length in (0, 1, SLICE, SLICE + 1):
            items = [b"%08x" % index for index in range(length)]
            with self.subTest(length):
                body = self.rendered(*(items[i : i + SLICE] for i in range(0, length, SLICE)))
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

    def test_heavy_data_is_compressed_alike_however_it_is_divided(self) -> None:
        items = [b"%08x" % zlib.crc32(b"%d" % number) for number in range(2 * HEAVY // 11)]
        whole = render([b"".join(items)], Edition(), 100.0)
        divided = render([b"".join(items[:99_999]), b"".join(items)], Edition(), 100.0)
        self.assertEqual(divided, whole)
        self.assertEqual(gzip.decompress(whole.gzip), whole.identity)

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
