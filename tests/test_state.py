"""The state file: what a client remembers over a restart."""

import errno
import json
import os
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from unittest import mock

import client.state
from client.endpoint import parse_endpoint
from client.fetch import Validators
from client.items import ITEM_SIZE, SLICE
from client.moment import Moment
from client.render import Edition
from client.results import Result
from client.state import State, StateError, StateFile, decode, encode, seal
from shared import boot_clock
from tests.support import TestCase

FIRST = parse_endpoint("15=http://user:secret@a/?token=secret")
SECOND = parse_endpoint("30=http://b/")
STATE = State(
    Edition(b"d" * 16, 1767323045),
    {
        FIRST: Result(b"630e12445f4a8990", 690.0, Validators('"v1"', None)),
        SECOND: Result("żółw5".encode(), 680.0),
    },
)


NOW = Moment(wall=5000.0, uptime=700.0, boot="this one")


def encoded(state: State) -> bytes:
    """Render a state file of now."""
    return b"".join(encode(state, NOW))


def sealed(data: bytes) -> bytes:
    """Put a checksum that is right behind the beginning of a state file."""
    return data + seal(zlib.crc32(data))


def rendered(document: Mapping[str, object]) -> bytes:
    """Render a state file of any content, with a checksum that is right."""
    members = {name: value for name, value in document.items() if name != "checksum"}
    return sealed(json.dumps(members).encode().removesuffix(b"}"))


class EncodedState(TestCase):
    def test_it_comes_out_as_it_went_in(self) -> None:
        data = encoded(STATE)
        self.assertEqual(decode(data, [FIRST, SECOND], NOW), STATE)

    def test_it_is_written_in_pieces_that_make_the_very_file_that_json_would(self) -> None:
        for length in (0, 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE):
            strings = [f"ż{index:06x}" for index in range(length)] + ['"\\\n/\x00\x7fab']
            items = "".join(strings).encode()
            state = replace(
                STATE, results={FIRST: Result(items, 690.0), SECOND: Result(b"", 680.0)}
            )
            pieces = list(encode(state, NOW))
            document = json.loads(b"".join(pieces))
            with self.subTest(length):
                self.assertEqual(document["endpoints"][0]["items"].encode(), items)
                whole = json.dumps(document, ensure_ascii=False).encode()
                self.assertEqual(b"".join(pieces), whole)
                self.assertLess(max(map(len, pieces)), 2 * SLICE * ITEM_SIZE)

    def test_ages_go_on_by_the_uptime_whatever_happened_to_the_wall_clock(self) -> None:
        """Ten seconds later."""
        for wall in (5010.0, 1000.0, 90_000.0):
            later = Moment(wall=wall, uptime=710.0, boot="this one")
            state = decode(encoded(STATE), [FIRST], later)
            self.assertEqual(state.results[FIRST].succeeded, 710.0 - 10 - 10)

    def test_ages_go_on_by_the_wall_clock_across_a_boot(self) -> None:
        for boot in ("another", ""):
            later = Moment(wall=5030.0, uptime=7.0, boot=boot)
            state = decode(encoded(STATE), [FIRST], later)
            self.assertEqual(state.results[FIRST].succeeded, 7.0 - 30 - 10)

    def test_a_wall_clock_that_was_set_back_across_a_boot_makes_nothing_younger(self) -> None:
        later = Moment(wall=1000.0, uptime=7.0, boot="another")
        state = decode(encoded(STATE), [FIRST], later)
        self.assertEqual(state.results[FIRST].succeeded, 7.0 - 10)

    def test_an_endpoint_that_is_not_configured_any_more_is_left_out(self) -> None:
        state = decode(encoded(STATE), [SECOND], NOW)
        self.assertEqual(list(state.results), [SECOND])

    def test_no_secret_of_a_url_is_in_it(self) -> None:
        self.assertNotIn(b"secret", encoded(STATE))

    def test_whatever_is_damaged_is_refused(self) -> None:
        good = json.loads(encoded(STATE))
        entry, beginning = good["endpoints"][0], b'{"version": 2, "written": '
        cases = {
            "not JSON": sealed(beginning + b"{"),
            "not UTF-8": sealed(beginning + b"\xff"),
            "nested beyond sense": sealed(beginning + b"[" * 100_000),
            "cut short": encoded(STATE)[:-1],
            "an older version": rendered(good | {"version": 1}),
            "a newer version": rendered(good | {"version": 3}),
            "no version": rendered({"endpoints": []}),
            "no endpoints": rendered(good | {"endpoints": None}),
            "a bad digest": rendered(good | {"digest": "xy"}),
            "an uptime that is none": rendered(good | {"uptime": []}),
            "a bad time": rendered(good | {"written": "now"}),
            "a time without end": rendered(good | {"written": float("inf")}),
            "a time beyond floats": rendered(good | {"written": 10**400}),
            "a date without end": rendered(good | {"last_modified": float("inf")}),
            "a date before the epoch": rendered(good | {"last_modified": -1}),
            "a date beyond the frame": rendered(good | {"last_modified": 1 << 64}),
        } | {
            f"{name} of {value!r}": rendered(good | {"endpoints": [entry | {name: value}]})
            for name, value in (
                ("items", "630e124"),
                ("items", None),
                ("items", "630e124ż"),
                ("items", "\ud800abcde"),
                ("items", "1234567żż234567"),
                ("age", "old"),
                ("age", float("inf")),
                ("age", float("nan")),
                ("age", 1e300),
                ("etag", 5),
                ("etag", "a\nb"),
                ("modified", ["x"]),
            )
        }
        for name, data in cases.items():
            with self.subTest(name), self.assertRaises(StateError) as caught:
                decode(data, [FIRST, SECOND], NOW)
            self.assertTrue(str(caught.exception).isprintable())

    def test_no_flipped_bit_is_taken_for_data(self) -> None:
        data = encoded(STATE)
        for offset, bit in product(range(len(data)), range(8)):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << bit
            with self.assertRaises(StateError):
                decode(bytes(flipped), [FIRST, SECOND], NOW)

    def test_what_another_program_has_written_is_not_even_parsed(self) -> None:
        foreign = b"[" + b"{}," * 100_000 + b"{}]"
        with mock.patch.object(json, "loads", side_effect=MemoryError):
            for data in (foreign, b'{"version": "1"}', b""):
                with self.assertRaisesRegex(StateError, "not a state file of this program"):
                    decode(data, [FIRST], NOW)


class StateFiles(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = StateFile(self.folder / "state.json")

    def test_what_is_saved_is_loaded(self) -> None:
        self.file.save(State(STATE.edition, {FIRST: Result(b"630e1244", boot_clock.now())}))
        state = self.file.load([FIRST])
        self.assertEqual((state.edition, state.results[FIRST].items), (STATE.edition, b"630e1244"))
        self.assertAlmostEqual(state.results[FIRST].succeeded, boot_clock.now(), delta=60)

    def test_nothing_saved_is_nothing_remembered(self) -> None:
        self.assertEqual(self.file.load([FIRST]), State())

    def test_only_its_owner_can_read_it(self) -> None:
        self.file.save(STATE)
        self.assertEqual(self.file.path.stat().st_mode & 0o777, 0o600)

    def test_what_is_no_regular_file_or_too_large_is_refused_at_once(self) -> None:
        path = self.file.path
        elsewhere = self.folder / "elsewhere"
        elsewhere.write_text("{}")
        obstacles: dict[str, Callable[[], object]] = {
            "a directory": path.mkdir,
            "a FIFO": lambda: os.mkfifo(path),
            "a link": lambda: path.symlink_to(elsewhere),
            "too large": lambda: path.write_bytes(b" " * 10_001),
            "empty": path.touch,
        }
        for name, make in obstacles.items():
            with self.subTest(name), mock.patch.object(client.state, "MAX_SIZE", 10_000):
                make()
                with self.assertRaises(StateError):
                    self.file.load([FIRST])
                if name in ("too large", "empty"):
                    self.assertTrue(os.path.lexists(self.file.set_aside()))
                    self.assertFalse(os.path.lexists(path))
                else:
                    with self.assertRaisesRegex(StateError, "so it is left alone"):
                        self.file.set_aside()
                    with self.assertRaisesRegex(StateError, "so it is left alone"):
                        self.file.save(STATE)
                    os.rename(path, self.folder / name)

    def test_a_heavy_file_that_is_not_ours_is_not_read(self) -> None:
        with self.file.path.open("wb") as file:
            file.truncate(500_000_000)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaisesRegex(StateError, "not a state file of this program"):
            self.file.load([FIRST])
        self.assertLess(tracemalloc.get_traced_memory()[1], 1_000_000)

    def test_a_file_that_cannot_be_written_is_an_error_that_names_it(self) -> None:
        aside = self.folder / "state.json.new"
        aside.mkdir()
        with self.subTest("a directory"), self.assertRaisesRegex(StateError, "state.json.new"):
            self.file.save(STATE)
        aside.rmdir()
        os.mkfifo(aside)
        with self.subTest("a FIFO"), self.assertRaisesRegex(StateError, "state.json.new"):
            self.file.save(STATE)

    def test_setting_aside_what_is_gone_is_an_error(self) -> None:
        with self.assertRaises(StateError):
            self.file.set_aside()

    def test_half_a_file_does_not_stay_on_a_full_disk(self) -> None:
        self.file.save(STATE)
        full = OSError(errno.ENOSPC, "No space left on device")
        for call in ("fsync", "replace"):
            with (
                mock.patch.object(os, call, side_effect=full),
                self.assertRaisesRegex(StateError, "No space left on device"),
            ):
                self.file.save(STATE)
            self.assertEqual(list(self.folder.iterdir()), [self.file.path])

    def test_a_failed_write_leaves_the_old_file(self) -> None:
        self.file.save(STATE)
        before = self.file.path.read_bytes()
        (self.folder / "state.json.new").mkdir()
        with self.assertRaises(StateError):
            self.file.save(State())
        self.assertEqual(self.file.path.read_bytes(), before)
