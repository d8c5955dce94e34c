"""Items: JSON arrays of 8-byte strings, read and refused."""

import json
import random
import time
import tracemalloc
from collections.abc import Callable
from unittest import mock

from client import items
from client.items import SLICE, WINDOW, ItemsError, parse, unpack
from tests.demo.faults import BODIES
from tests.support import DEADLINE, TestCase


class GoodArrays(TestCase):
    def test_valid_arrays_are_packed(self) -> None:
        cases = {
            b'["630e1244","5f4a8990"]': b"630e12445f4a8990",
            b"[]": b"",
            b" \t\r\n[ \n ] \n": b"",
            b' [ "630e1244" \n,\t"5f4a8990" ] \r\n': b"630e12445f4a8990",
            b'["\\u0036\\u0033\\u0030\\u0065\\u0031\\u0032\\u0034\\u0034"]': b"630e1244",
            b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]': b'"\\/\b\f\n\r\t',
            b'["\\ud83d\\ude00abcd"]': "😀abcd".encode(),
            '["żółw5"]'.encode(): "żółw5".encode(),
            b'["],[\\",:{}"]': b'],[",:{}',
            b'["same1234","same1234"]': b"same1234same1234",
            b'["\\u0000\\u001f\x7f\\u007f1234"]': b"\x00\x1f\x7f\x7f1234",
            b'["\\uD83D\\uDE00\\ud83d\\uDE00"]': "😀😀".encode(),
            b'["\xef\xbb\xbf12345"]': "\ufeff12345".encode(),
            b"\r\n\t [\r\n\t ]\r\n\t ": b"",
        }
        for body, packed in cases.items():
            with self.subTest(body):
                self.assertEqual(parse(body), packed)

    def test_arrays_of_any_length_are_taken_in_slices(self) -> None:
        for length in (1, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE, 2 * SLICE + 1):
            strings = [f"{index:08x}" for index in range(length)]
            with self.subTest(length):
                self.assertEqual(parse(json.dumps(strings).encode()), "".join(strings).encode())

    def test_slices_end_wherever_strings_of_another_kind_begin(self) -> None:
        """Those that are plain, those with escapes, and white space between them take turns."""
        kinds = ('"%08x",', '"\\u0061%07x",', '\n "%08x" ,', '"ż%06x",')
        chance = random.Random(7)
        for lengths in ((1, 1, 1), (SLICE, 1, SLICE), (1, SLICE + 1, 2), (SLICE - 1, 3, SLICE)):
            text = "".join(
                chance.choice(kinds) % (10_000 * number + index)
                for number, length in enumerate(lengths)
                for index in range(length)
            )
            body = f"[{text[:-1]}]".encode()
            with self.subTest(lengths):
                self.assertEqual(parse(body), "".join(json.loads(body)).encode())

    def test_white_space_in_bulk_is_taken_wherever_it_may_be(self) -> None:
        for size in (WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW):
            space = b" " * size
            parts = (b"[", b'"630e1244"', b",", b'"5f4a8990"', b"]")
            with self.subTest(size):
                self.assertEqual(parse(space.join((b"", *parts, b""))), b"630e12445f4a8990")
                self.assertEqual(parse(space.join((b"", b"[", b"]", b""))), b"")

    def test_what_was_received_piece_by_piece_is_read_alike(self) -> None:
        body = '["630e1244", "\\u00305f4a899","żółw5"]'.encode()
        self.assertEqual(parse(bytearray(body)), parse(body))
        with self.assertRaisesRegex(ItemsError, "not an array but an object"):
            parse(bytearray(b"{}"))

    def test_whatever_json_renders_is_read_as_json_reads_it(self) -> None:
        chance = random.Random(11)
        alphabet = ['"', "\\", "/", "\n", "\x7f", "a", "0", "ż", "€", "😀", "\u2028", ",", "]", "["]
        for _ in range(500):
            strings = [self._string(chance, alphabet) for _ in range(chance.randrange(6))]
            body = json.dumps(
                strings, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 0, 2])
            ).encode()
            self.assertEqual(parse(body), "".join(strings).encode(), body)

    def _string(self, chance: random.Random, alphabet: list[str]) -> str:
        while True:
            made = "".join(chance.choice(alphabet) for _ in range(chance.randrange(2, 9)))
            if len(made.encode()) == 8:
                return made


class BadBodies(TestCase):
    def test_what_is_wrong_is_told_with_index_and_value(self) -> None:
        cases: dict[bytes, tuple[str, int | None]] = {
            b"": ("not JSON: the body is empty", None),
            b" \n": ("not JSON: the body is empty", None),
            b"<html>": ("not JSON: the body begins with <html>", None),
            b'{"a":1}': ('not an array but an object: {"a":1}', None),
            b'"630e1244"': ('not an array but a string: "630e1244"', None),
            b"12": ("not an array but a number: 12", None),
            b"null": ("not an array but null: null", None),
            b"[": ("not JSON: the end of the body at byte 1, where an item is wanted", None),
            b'["630e1244"': ("not JSON: no comma or end of the array at byte 11", None),
            b'["630e1244" "5f4a8990"]': ("not JSON: no comma or end of the array at byte 12", None),
            b'["630e1244",]': ("not JSON: ] at byte 12, where an item is wanted", None),
            b'["630e1244"]]': ("not JSON: something follows the array's end at byte 11", None),
            b'["630e1244"] x': ("not JSON: something follows the array's end at byte 11", None),
            b"[]x": ("not JSON: something follows the array's end at byte 1", None),
            b'["630e1244",7]': ("item 1 is not a string but a number: 7]", 1),
            b'["630e1244",null]': ("item 1 is not a string but null: null]", 1),
            b'["630e1244",["x"]]': ('item 1 is not a string but an array: ["x"]]', 1),
            b'["630e1244","5f4a899"]': ('item 1 has 7 bytes in UTF-8, not 8: "5f4a899"', 1),
            b'["630e1244","5f4a89900","x"]': ('item 1 has 9 bytes in UTF-8, not 8: "5f4a89900"', 1),
            '["żółw5678"]'.encode(): ('item 0 has 11 bytes in UTF-8, not 8: "żółw5678"', 0),
            b'[""]': ('item 0 has 0 bytes in UTF-8, not 8: ""', 0),
            b'["\\ud800abcde"]': ('item 0 holds a lone surrogate: "\\ud800abcde"', 0),
            b'["abcd\\udc00x","y"]': ('item 0 holds a lone surrogate: "abcd\\udc00x"', 0),
            b'["630e124\n"]': ("not JSON: the string at byte 1 does not end", None),
            b'["630e1244': ("not JSON: the string at byte 1 does not end", None),
            b'["630e124\\': ("not JSON: the string at byte 1 does not end", None),
            b'["' + rb"\u0041" * 500 + b'"]': (
                'item 0 has more than 8 bytes in UTF-8: "' + r"\u0041" * 6 + r"\u…",
                0,
            ),
            b'["\\x00000000"]': ("not JSON behind byte 1: Invalid \\escape", None),
            b'["abcd\xff\xfeef"]': ("not UTF-8 at byte 6", None),
            b'["\xed\xa0\x80abcde"]': ("not UTF-8 at byte 2", None),
            b'["' + b"x" * 500 + b'"]': (
                'item 0 has more than 8 bytes in UTF-8: "' + "x" * 38 + "…",
                0,
            ),
        }
        for body, (message, index) in cases.items():
            with self.subTest(body[:40]), self.assertRaises(ItemsError) as caught:
                parse(body)
            self.assertEqual(str(caught.exception), message)
            self.assertEqual(caught.exception.index, index)

    def test_the_index_counts_over_all_slices(self) -> None:
        body = json.dumps(["630e1244"] * (SLICE + 5) + ["short"]).encode()
        with self.assertRaises(ItemsError) as caught:
            parse(body)
        self.assertEqual((caught.exception.index, caught.exception.value), (SLICE + 5, '"short"'))

    def test_each_body_of_the_faulty_endpoints_is_refused_in_one_line(self) -> None:
        for name, body in BODIES.items():
            with self.subTest(name), self.assertRaises(ItemsError) as caught:
                parse(body)
            escaped = 4 if b"\0" in body else 1  # characters in the line for one of the body
            self.assertLess(len(str(caught.exception)), 150 * escaped)
            self.assertTrue(str(caught.exception).isprintable())

    def test_no_mutation_of_a_good_body_raises_anything_else(self) -> None:
        chance = random.Random(13)
        good = '["630e1244","5f4a8990","żółw5","\\u0036\\u0033\\u0030\\u0065abcd"]'.encode()
        taken = 0
        for _ in range(20_000):
            body = bytearray(good)
            for _ in range(chance.randrange(1, 4)):
                place = chance.randrange(len(body))
                match chance.randrange(3):
                    case 0:
                        body[place] = chance.randrange(256)
                    case 1:
                        del body[place]
                    case _:
                        body[place:place] = bytes([chance.choice(b'"\\[],{u\x00\xff 0')])
            try:
                packed = parse(bytes(body))
            except ItemsError:
                continue
            taken += 1
            self.assertEqual("".join(json.loads(body)).encode(), packed)
        self.assertGreater(taken, 100)

    def test_memory_stays_in_proportion_whatever_a_body_holds(self) -> None:
        """`json.loads` takes 27 bytes for each byte of this one."""
        body = b"[" + b"{}," * 1_000_000 + b"{}]"
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaises(ItemsError):
            parse(body)
        self.assertLess(tracemalloc.get_traced_memory()[1], len(body))


SIZE = 16 * 1024 * 1024  # bytes: the largest body that a client takes, unless told otherwise

GOOD_ITEM = b'"630e1244",'
HEAVY_BODIES: dict[str, Callable[[], bytes]] = {
    "an array of space": lambda: b"[" + b" " * SIZE + b"]",
    "nothing but space": lambda: b"\n" * SIZE,
    "space around each item": lambda: b"[" + b'\n"630e1244" ,' * (SIZE // 60) + b"]",
    "one string": lambda: b'["' + b"x" * SIZE + b'"]',
    "one string that does not end": lambda: b'["' + b"x" * SIZE,
    "one string of escapes": lambda: b'["' + rb"\u0061" * (SIZE // 6) + b'"]',
    "one string of backslashes": lambda: b'["' + b"\\" * SIZE + b'"]',
    "one string of surrogates": lambda: b'["' + rb"\ud800" * (SIZE // 6) + b'"]',
    "empty strings": lambda: b"[" + b'"",' * (SIZE // 3) + b'""]',
    "quotes": lambda: b"[" + b'"' * SIZE,
    "commas": lambda: b"[" + b"," * SIZE,
    "arrays in arrays": lambda: b"[" * SIZE,
    "objects in objects": lambda: b'{"a":' * (SIZE // 5),
    "arrays in an array": lambda: b"[" + GOOD_ITEM + b"[" * SIZE,
    "arrays, one after the other": lambda: b"[]" * (SIZE // 2),
    "a number": lambda: b"[" + b"9" * SIZE + b"]",
    "nulls": lambda: b"[" + b"null," * (SIZE // 5) + b"null]",
    "NUL bytes": lambda: bytes(SIZE),
    "a bad item behind good ones": lambda: b"[" + GOOD_ITEM * (SIZE // 11) + b'"short"]',
    "a bad byte behind good ones": lambda: b"[" + GOOD_ITEM * (SIZE // 11) + b'"abcd\xff\xfeef"]',
    "a lone surrogate behind them": lambda: b"[" + GOOD_ITEM * (SIZE // 11) + rb'"\ud800abcde"]',
    "a comma behind them": lambda: b"[" + GOOD_ITEM * (SIZE // 11) + b"]",
    "escapes, and a bad item": lambda: b"[" + rb'"\ud83d\ude00\u0061\/bc",' * (SIZE // 250) + b"7]",
}
GOOD_HEAVY_BODIES = {"an array of space"}


class HeavyBodies(TestCase):
    """Nothing that the largest body may hold takes time or memory out of proportion."""

    def test_each_is_read_or_refused_within_bounds(self) -> None:
        for name, make in HEAVY_BODIES.items():
            with self.subTest(name):
                body = make()
                started = time.monotonic()
                told, peak = self.parsed(body)
                self.assertLess(time.monotonic() - started, DEADLINE)
                self.assertLess(peak, 1.7 * len(body))
                self.assertEqual(told == "good", name in GOOD_HEAVY_BODIES, told)
                self.assertLess(len(told), 300)
                self.assertTrue(told.isprintable(), told)

    def test_what_is_bad_from_the_beginning_is_not_read_to_its_end(self) -> None:
        for name in ("one string", "arrays in arrays", "a number", "empty strings", "NUL bytes"):
            with self.subTest(name):
                body = HEAVY_BODIES[name]()
                self.assertLess(self.parsed(body)[1], len(body) / 10)

    def parsed(self, body: bytes) -> tuple[str, int]:
        """Parse a body; tell what is wrong with it, or "good", and the memory that this took."""
        tracemalloc.start()
        try:
            parse(body)
        except ItemsError as error:
            return str(error), tracemalloc.get_traced_memory()[1]
        else:
            return "good", tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


class Bounds(TestCase):
    def test_no_step_decodes_more_than_a_slice(self) -> None:
        """Each holds the interpreter lock: the longer it is, the longer the loop waits."""
        plain, escaped = b'"630e1244",' * 50_000, b'"\\u003630e1244",' * 50_000
        spaced = (b" " * 1000 + b'"630e1244",') * 1000
        with (
            mock.patch.object(items, "_decoded", wraps=items._decoded) as decoded,
            self.assertRaises(ItemsError),
        ):
            parse(b"[" + plain + escaped + spaced + b"7]")
        steps = [len(call.args[0]) for call in decoded.call_args_list]
        self.assertLessEqual(max(steps), WINDOW)
        self.assertLess(len(steps), 2 * (100_000 // SLICE + 1_100_000 // WINDOW + 3))

    def test_packed_items_come_out_one_by_one_in_slices(self) -> None:
        for length in (0, 1, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE):
            packed = b"".join(b"%08x" % index for index in range(length))
            slices = list(unpack(packed))
            with self.subTest(length):
                self.assertEqual(b"".join(map(b"".join, slices)), packed)
                self.assertTrue(all(0 < len(part) <= SLICE for part in slices))

    def test_the_longest_spelling_of_an_item_is_taken(self) -> None:
        body = b'["' + b"\\u0061" * 8 + b'"]'
        self.assertEqual(parse(body), b"aaaaaaaa")

    def test_an_item_is_eight_bytes(self) -> None:
        self.assertEqual(items.ITEM_SIZE, 8)
