"""Quantities: numbers, durations and moments as a person reads them."""

import calendar

from shared import quantity
from tests.support import TestCase

NOON = calendar.timegm((2026, 1, 2, 12, 0, 0))


class Quantities(TestCase):
    def test_a_count_has_its_thousands_apart(self) -> None:
        self.assertEqual(quantity.count(0), "0")
        self.assertEqual(quantity.count(1234567), "1,234,567")

    def test_one_is_told_in_the_singular(self) -> None:
        self.assertEqual(quantity.counted(1, "item"), "1 item")
        self.assertEqual(quantity.counted(0, "item"), "0 items")
        self.assertEqual(quantity.counted(2000, "item"), "2,000 items")

    def test_a_duration_is_told_in_its_two_largest_units(self) -> None:
        cases = {
            0.0: "0 s",
            0.04: "0 s",
            0.25: "0.2 s",
            9.94: "9.9 s",
            9.96: "10 s",
            15.9: "15 s",
            60: "1 min",
            119.9: "1 min 59 s",
            3600: "1 h",
            3659: "1 h",
            3660: "1 h 1 min",
            86_399: "23 h 59 min",
            200_000: "2 d 7 h",
        }
        for seconds, told in cases.items():
            with self.subTest(seconds):
                self.assertEqual(quantity.duration(seconds), told)

    def test_a_moment_has_its_date_where_it_is_not_todays(self) -> None:
        self.assertEqual(quantity.moment(NOON - 1, NOON), "11:59:59Z")
        self.assertEqual(quantity.moment(NOON - 86_400, NOON), "2026-01-01 12:00:00Z")
