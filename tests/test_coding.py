"""Content coding negotiation: RFC 9110, 12.5.3."""

from server.coding import Coding, negotiate
from tests.support import TestCase

GZIP, IDENTITY, NEITHER = Coding.GZIP, Coding.IDENTITY, None


class Negotiation(TestCase):
    def assert_chosen(self, cases: dict[str, Coding | None], gzip_pays: bool = True) -> None:
        """Check what is chosen for each value of the field."""
        for value, coding in cases.items():
            with self.subTest(value, gzip_pays=gzip_pays):
                self.assertIs(negotiate(value, gzip_pays), coding)

    def test_who_says_nothing_gets_identity(self) -> None:
        self.assertIs(negotiate(None, gzip_pays=True), IDENTITY)
        self.assert_chosen({"": IDENTITY, "br": IDENTITY, "br, zstd;q=0.1": IDENTITY})

    def test_who_takes_gzip_gets_it_where_it_pays(self) -> None:
        accepting = ("gzip", "GZIP", "x-gzip", "gzip;q=0.001", "br, gzip ; q=0.5", "*")
        self.assert_chosen(dict.fromkeys(accepting, GZIP))
        self.assert_chosen(dict.fromkeys(accepting, IDENTITY), gzip_pays=False)

    def test_weights_are_honoured(self) -> None:
        self.assert_chosen(
            {
                "gzip, identity": GZIP,
                "gzip;q=0.5, identity;q=0.5": GZIP,
                "gzip;q=0.4, identity;q=0.5": IDENTITY,
                "gzip;q=0": IDENTITY,
                "gzip;q=0.000": IDENTITY,
                "*;q=0.5, gzip;q=0.4": IDENTITY,
                "*;q=0.5, identity;q=0.6": IDENTITY,
                "gzip;q=0, *": IDENTITY,
            }
        )

    def test_what_is_forbidden_is_not_sent(self) -> None:
        cases = {
            "identity;q=0": NEITHER,
            "*;q=0": NEITHER,
            "gzip;q=0, *;q=0": NEITHER,
            "identity;q=0, gzip;q=0, *": NEITHER,
            "identity;q=0, gzip": GZIP,
            "*;q=0, gzip": GZIP,
            "identity;q=0, *": GZIP,
            "*;q=0, identity": IDENTITY,
        }
        self.assert_chosen(cases)
        self.assert_chosen(cases, gzip_pays=False)

    def test_malformed_members_are_passed_over(self) -> None:
        self.assert_chosen(
            {
                "gzip;q=2": IDENTITY,
                "gzip;q=0.0001": IDENTITY,
                "gzip;q=x": IDENTITY,
                "gzip;level=9": IDENTITY,
                "gz ip": IDENTITY,
                ",, ,gzip,": GZIP,
            }
        )
