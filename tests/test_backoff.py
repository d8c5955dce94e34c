"""The back-off: how long to wait before the next try."""

from server.backoff import CAP, FIRST, delay
from tests.support import TestCase


class Delays(TestCase):
    def test_they_double_up_to_the_cap(self) -> None:
        longest = [delay(failures, 1.0) for failures in range(1, 8)]
        self.assertEqual(longest[:3], [FIRST, 2 * FIRST, 4 * FIRST])
        self.assertEqual(longest[-1], CAP)
        self.assertEqual(delay(10_000, 1.0), CAP)

    def test_they_spread_over_their_upper_half(self) -> None:
        self.assertEqual(delay(100, 0.0), CAP / 2)
        drawn = {delay(100) for _ in range(20)}
        self.assertGreater(len(drawn), 10)
        self.assertTrue(all(CAP / 2 <= seconds <= CAP for seconds in drawn))
