"""Foreign text made fit for a line."""

from shared.text import shown
from tests.support import TestCase


class ShownText(TestCase):
    def test_what_prints_stays_as_it_is(self) -> None:
        self.assertEqual(shown("żółw 5678"), "żółw 5678")

    def test_what_does_not_print_is_escaped(self) -> None:
        self.assertEqual(shown("a\nb\x1b[2J\ud800"), "a\\nb\\x1b[2J\\ud800")

    def test_what_is_too_long_is_cut(self) -> None:
        self.assertEqual(shown("x" * 100, most=10), "x" * 9 + "…")
        self.assertEqual(shown("x" * 10, most=10), "x" * 10)
