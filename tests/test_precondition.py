"""Preconditions: RFC 9110, 13."""

from http import HTTPStatus

from server.precondition import evaluate
from tests.support import TestCase

TAG = '"630e1244"'
OTHER = '"5f4a8990"'
MODIFIED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT, the RFC's own example
NOW = 1795521600  # Tue, 24 Nov 2026 12:00:00 GMT
DATES = (
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
)
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"
NO_DATES = (
    "",
    "yesterday",
    "784111777",
    "Sun, 06 Nov 1994 08:49:38 +0000",
    "Sun, 06 Nov 1994 08:49:38 UTC",
    "Sun, 6 Nov 1994 08:49:38 GMT",
    "sun, 06 nov 1994 08:49:38 gmt",
    "Sun, 31 Feb 1994 08:49:38 GMT",
    "Monday, 29-Feb-95 08:49:38 GMT",
    "Sun, 06 Nov 1994 25:49:38 GMT",
    "06 Nov 1994 08:49:38 GMT",
    "Sun, 06 Nov 0000 08:49:38 GMT",
    f"{LATER}, {LATER}",
)
SEND, CURRENT, FAILED = None, HTTPStatus.NOT_MODIFIED, HTTPStatus.PRECONDITION_FAILED


class Preconditions(TestCase):
    def assert_evaluated(self, outcome: HTTPStatus | None, **fields: str) -> None:
        """Check what a request's fields come to; underscores stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        with self.subTest(named):
            self.assertIs(evaluate(named, TAG, MODIFIED, NOW), outcome)

    def test_a_request_without_any_is_sent_the_data(self) -> None:
        self.assert_evaluated(SEND)

    def test_if_none_match_compares_weakly(self) -> None:
        """13.1.2."""
        for value in (TAG, f"W/{TAG}", "*", f"{OTHER}, {TAG}", f"{OTHER},W/{TAG}", f'"a,b", {TAG}'):
            self.assert_evaluated(CURRENT, if_none_match=value)
        for value in (OTHER, "", TAG[1:-1], f"w/{TAG}", f"*, {OTHER}", f'"{TAG}"', f"x{TAG}"):
            self.assert_evaluated(SEND, if_none_match=value)

    def test_if_match_compares_strongly(self) -> None:
        """13.1.1."""
        for value in (TAG, "*", f"{OTHER}, {TAG}"):
            self.assert_evaluated(SEND, if_match=value)
        for value in (OTHER, f"W/{TAG}", ""):
            self.assert_evaluated(FAILED, if_match=value)

    def test_if_modified_since_takes_all_three_forms_of_a_date(self) -> None:
        """13.1.3 and 5.6.7."""
        for date in (*DATES, LATER):
            self.assert_evaluated(CURRENT, if_modified_since=date)
        self.assert_evaluated(SEND, if_modified_since=EARLIER)

    def test_if_unmodified_since_fails_where_the_data_is_later(self) -> None:
        """13.1.4."""
        for date in (*DATES, LATER):
            self.assert_evaluated(SEND, if_unmodified_since=date)
        self.assert_evaluated(FAILED, if_unmodified_since=EARLIER)

    def test_a_year_of_two_digits_is_no_more_than_50_years_ahead(self) -> None:
        """5.6.7."""
        for date in (
            "Sunday, 06-Nov-95 08:49:36 GMT",
            "Sunday, 06-Nov-26 08:49:36 GMT",
            "Sunday, 06-Nov-69 08:49:36 GMT",
            "Saturday, 29-Feb-76 08:49:36 GMT",
            "Tuesday, 24-Nov-76 12:00:00 GMT",
        ):
            self.assert_evaluated(CURRENT, if_modified_since=date)
        for date in (
            "Tuesday, 24-Nov-76 12:00:01 GMT",
            "Saturday, 06-Nov-77 08:49:36 GMT",
            "Sunday, 06-Nov-94 08:49:36 GMT",
        ):
            self.assert_evaluated(SEND, if_modified_since=date)

    def test_a_date_that_is_not_one_is_ignored(self) -> None:
        for value in NO_DATES:
            self.assert_evaluated(SEND, if_modified_since=value)
            self.assert_evaluated(SEND, if_unmodified_since=value)

    def test_entity_tags_come_before_dates(self) -> None:
        """13.2.2."""
        self.assert_evaluated(SEND, if_none_match=OTHER, if_modified_since=LATER)
        self.assert_evaluated(CURRENT, if_none_match=TAG, if_modified_since=EARLIER)
        self.assert_evaluated(SEND, if_match=TAG, if_unmodified_since=EARLIER)

    def test_what_must_match_comes_before_what_must_not(self) -> None:
        self.assert_evaluated(FAILED, if_match=OTHER, if_none_match=TAG)
        self.assert_evaluated(CURRENT, if_match=TAG, if_none_match=TAG)
        self.assert_evaluated(FAILED, if_unmodified_since=EARLIER, if_modified_since=LATER)
