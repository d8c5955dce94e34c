"""The beat: the grid on which an endpoint is polled."""

import random

from client.beat import next_beat
from tests.support import TestCase


class Beats(TestCase):
    def test_the_next_beat_is_the_one_after(self) -> None:
        self.assertEqual(next_beat(100.0, 15.0, 0, 100.2), 1)
        self.assertEqual(next_beat(100.0, 15.0, 1, 115.0), 2)

    def test_a_beat_that_is_now_is_not_past(self) -> None:
        self.assertEqual(next_beat(100.0, 15.0, 0, 115.0), 1)

    def test_beats_that_went_by_are_missed_and_not_made_up_for(self) -> None:
        self.assertEqual(next_beat(100.0, 15.0, 0, 131.0), 3)
        self.assertEqual(next_beat(100.0, 15.0, 3, 1_000_000.0), 66_660)

    def test_a_beat_is_never_told_twice_and_never_past(self) -> None:
        chance = random.Random(7)
        for _ in range(10_000):
            start, period = chance.uniform(0, 1e6), chance.choice([0.01, 0.1, 1 / 3, 15, 60])
            number = chance.randrange(10**6)
            now = start + number * period + chance.uniform(0, 3 * period)
            following = next_beat(start, period, number, now)
            self.assertGreater(following, number)
            self.assertGreaterEqual(start + following * period, now)
            self.assertTrue(
                following == number + 1 or start + (following - 1) * period < now + 1e-6
            )

    def test_the_grid_does_not_drift(self) -> None:
        """A day of hundredths of a second, each poll ending at some time within its beat."""
        start, number = 12345.678, 0
        for _ in range(1000):
            number = next_beat(start, 0.01, number, start + number * 0.01 + 0.004)
        self.assertEqual(number, 1000)
