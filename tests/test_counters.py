"""Counters: the line that a server logs once a minute."""

from collections import Counter

from server.counters import Counters
from tests.support import TestCase


class Reports(TestCase):
    def test_where_nothing_happened_there_is_nothing_to_tell(self) -> None:
        self.assertIsNone(Counters().report(clients=3, most=3))

    def test_what_happened_since_the_last_report_is_told(self) -> None:
        counters = Counters(requests=100, refused=2, errors=Counter({404: 2, 400: 1}), cut=1)
        self.assertEqual(
            counters.report(clients=4, most=7),
            {"clients": 4, "most": 7, "requests": 100, "refused": 2, "errors": 3, "cut": 1},
        )
        self.assertIsNone(counters.report(clients=4, most=4))
        counters.errors[404] += 1
        self.assertEqual(
            counters.report(clients=4, most=4),
            {"clients": 4, "most": 4, "requests": 0, "refused": 0, "errors": 1, "cut": 0},
        )

    def test_the_counts_go_on_from_the_start(self) -> None:
        counters = Counters(requests=100)
        counters.report(clients=0, most=0)
        counters.requests += 1
        self.assertEqual(counters.requests, 101)
