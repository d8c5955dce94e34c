"""Counters: the line that a server logs once a minute."""

from server.counters import Counters
from tests.support import TestCase


class Reports(TestCase):
    def test_where_nothing_happened_there_is_nothing_to_tell(self) -> None:
        self.assertIsNone(Counters().report(clients=3, most=3))

    def test_what_happened_is_told_and_counted_anew(self) -> None:
        counters = Counters(requests=100, refused=2, errors=3, cut=1)
        self.assertEqual(
            counters.report(clients=4, most=7),
            {"clients": 4, "most": 7, "requests": 100, "refused": 2, "errors": 3, "cut": 1},
        )
        self.assertEqual(counters, Counters())
