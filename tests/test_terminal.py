"""The terminal: columns, and when there is colour."""

import io

from shared.terminal import Mood, Paint, aligned, is_coloured
from tests.support import TestCase


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class Terminal(TestCase):
    def test_columns_are_as_wide_as_their_widest_cell(self) -> None:
        self.assertEqual(
            aligned([("a", "bb", "c"), ("aaa", "b", "")]),
            ["a    bb  c", "aaa  b"],
        )

    def test_a_terminal_has_colour(self) -> None:
        self.assertTrue(is_coloured(Screen(), {"TERM": "xterm"}))
        self.assertTrue(is_coloured(Screen(), {"TERM": "xterm", "NO_COLOR": ""}))

    def test_nothing_else_has(self) -> None:
        self.assertFalse(is_coloured(io.StringIO(), {"TERM": "xterm"}), "a pipe")
        self.assertFalse(is_coloured(Screen(), {"TERM": "xterm", "NO_COLOR": "1"}))
        self.assertFalse(is_coloured(Screen(), {"TERM": "dumb"}))
        self.assertFalse(is_coloured(Screen(), {}))

    def test_a_line_is_cut_where_the_screen_ends(self) -> None:
        self.assertEqual(Paint(False, 5).line("abcdef", Mood.PLAIN), "abcd…")
        self.assertEqual(Paint(False, 5).line("abcde", Mood.PLAIN), "abcde")
        self.assertEqual(Paint(True, 5).line("abcdef", Mood.BAD), "\x1b[31mabcd…\x1b[0m")
        self.assertEqual(Paint(False).line("abcdef" * 99, Mood.PLAIN), "abcdef" * 99)

    def test_a_mood_is_a_colour_where_there_is_colour(self) -> None:
        self.assertEqual(Paint(True)("x", Mood.BAD), "\x1b[31mx\x1b[0m")
        self.assertEqual(Paint(True)("x", Mood.PLAIN), "x")
        self.assertEqual(Paint(False)("x", Mood.BAD), "x")
