"""Foreign text made fit for a line."""

import os
import subprocess

from shared.text import quoted, shown, well_formed
from tests.support import TestCase


class ShownText(TestCase):
    def test_what_prints_stays_as_it_is(self) -> None:
        self.assertEqual(shown("żółw 5678"), "żółw 5678")

    def test_what_does_not_print_is_escaped(self) -> None:
        self.assertEqual(shown("a\nb\x1b[2J\ud800"), "a\\nb\\x1b[2J\\ud800")

    def test_what_is_too_long_is_cut(self) -> None:
        self.assertEqual(shown("x" * 100, most=10), "x" * 9 + "…")
        self.assertEqual(shown("x" * 10, most=10), "x" * 10)


class WellFormedText(TestCase):
    def test_what_utf_8_can_hold_stays_as_it_is(self) -> None:
        self.assertEqual(well_formed("żółw\n😀"), "żółw\n😀")

    def test_a_byte_of_a_name_that_is_no_utf_8_is_escaped(self) -> None:
        self.assertEqual(well_formed(os.fsdecode(b"/tmp/\xff\xfe")), r"/tmp/\udcff\udcfe")

    def test_a_surrogate_of_any_other_origin_is_escaped(self) -> None:
        self.assertEqual(well_formed("a\ud800b\udfff"), r"a\ud800b\udfff")


class QuotedText(TestCase):
    def test_what_prints_is_quoted_where_a_shell_needs_it(self) -> None:
        self.assertEqual(quoted("a-b"), "a-b")
        self.assertEqual(quoted("a b'"), "'a b'\"'\"''")

    def test_a_shell_makes_the_same_bytes_of_it_whatever_they_are(self) -> None:
        for value in (b"a\tb", b"\xff", b"\x1b[31mred", b"it's\\n\n", "ż\x85\x01f".encode()):
            typed = quoted(value.decode(errors="surrogateescape"))
            with self.subTest(typed):
                self.assertTrue(typed.isprintable())
                printed = subprocess.check_output(["bash", "-c", f"printf %s {typed}"])
                self.assertEqual(printed, value)
