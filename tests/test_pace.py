"""The pace of a reader: when it is cut."""

from collections.abc import Callable
from functools import partial

from server.pace import LEAST_RATE, WINDOW, Pace
from tests.support import TestCase


def cut(taken: Callable[[int], int], idle_timeout: float = 5.0) -> tuple[int, str]:
    """Tell in which second it is cut, and why; `taken` tells the bytes it has taken by then."""
    pace = Pace(taken(0), 0.0, idle_timeout)
    second = 1
    while not (fault := pace.fault(taken(second), float(second))):
        second += 1
    return second, fault


class Paces(TestCase):
    def test_who_takes_nothing_is_cut_after_the_timeout(self) -> None:
        self.assertEqual(cut(lambda _: 0), (6, "it takes nothing"))
        self.assertEqual(cut(lambda second: min(second, 3)), (9, "it takes nothing"))

    def test_a_peer_may_be_silent_while_its_program_reads_what_its_kernel_took(self) -> None:
        """At 10 kB/s, and for four times the timeout at the most."""
        for taken, silence in ((60_000, 6 + 5), (1_000_000, 4 * 5)):
            second, fault = cut(partial(self._at_once, taken))
            self.assertEqual((second, fault), (1 + silence + 1, "it takes nothing"))

    def _at_once(self, taken: int, second: int) -> int:
        return taken if second else 0

    def test_who_reads_steadily_in_large_steps_is_never_cut(self) -> None:
        """10 kB/s, acknowledged 130 kB at a time."""
        pace = Pace(0, 0.0, 5.0)
        for second in range(1, 1000):
            self.assertIsNone(pace.fault(130_000 * (1 + second // 13), float(second)))

    def test_who_takes_less_than_the_least_rate_is_cut_after_the_window(self) -> None:
        slow = LEAST_RATE * 9 // 10
        self.assertEqual(cut(lambda second: second * slow), (WINDOW, "it takes too little"))
        late = cut(lambda second: min(second, 30) * 50_000 + second * slow, idle_timeout=60.0)
        self.assertEqual(late, (2 * WINDOW, "it takes too little"))
