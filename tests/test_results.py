"""Results: the last good result of every endpoint."""

from client.endpoint import parse_endpoint
from client.results import Result, Results
from tests.support import TestCase

FIRST, SECOND = parse_endpoint("15=http://a/"), parse_endpoint("30=http://b/")


class LastGoodResults(TestCase):
    def test_a_new_result_takes_the_place_of_the_old_one(self) -> None:
        results = Results([FIRST, SECOND], {})
        self.assertTrue(results.take(FIRST, Result(b"aaaaaaaa", 1.0)))
        self.assertTrue(results.take(FIRST, Result(b"bbbbbbbb", 2.0)))
        self.assertEqual(results.known(), {FIRST: Result(b"bbbbbbbb", 2.0)})

    def test_the_same_items_again_are_no_change(self) -> None:
        results = Results([FIRST], {FIRST: Result(b"aaaaaaaa", 1.0)})
        self.assertFalse(results.take(FIRST, Result(b"aaaaaaaa", 2.0)))
        self.assertEqual(results.oldest_success(results.known()), 2.0)

    def test_the_first_result_is_a_change_even_where_it_is_empty(self) -> None:
        self.assertTrue(Results([FIRST], {}).take(FIRST, Result(b"", 1.0)))

    def test_a_confirmation_renews_the_success_and_keeps_the_rest(self) -> None:
        results = Results([FIRST], {FIRST: Result(b"aaaaaaaa", 1.0)})
        results.confirm(FIRST, 9.0)
        self.assertEqual(results.get(FIRST), Result(b"aaaaaaaa", 9.0))

    def test_the_order_is_the_configured_one_whoever_answers_first(self) -> None:
        results = Results([FIRST, SECOND], {})
        results.take(SECOND, Result(b"bbbbbbbb", 1.0))
        results.take(FIRST, Result(b"aaaaaaaa", 2.0))
        self.assertEqual(list(results.known()), [FIRST, SECOND])

    def test_the_oldest_success_counts_endpoints_with_data_only(self) -> None:
        results = Results([FIRST, SECOND], {})
        self.assertIsNone(results.oldest_success(results.known()))
        results.take(SECOND, Result(b"", 5.0))
        self.assertEqual(results.oldest_success(results.known()), 5.0)
        results.take(FIRST, Result(b"", 3.0))
        self.assertEqual(results.oldest_success(results.known()), 3.0)

    def test_what_brought_other_items_does_not_make_those_of_before_fresher(self) -> None:
        results = Results([FIRST, SECOND], {})
        results.take(FIRST, Result(b"aaaaaaaa", 1.0))
        results.take(SECOND, Result(b"bbbbbbbb", 2.0))
        rendered = results.known()
        results.take(FIRST, Result(b"cccccccc", 11.0))
        self.assertEqual(results.oldest_success(rendered), 1.0)
        self.assertEqual(results.oldest_success(results.known()), 2.0)

    def test_what_brought_the_same_items_does_and_keeps_but_one_of_both(self) -> None:
        results = Results([FIRST, SECOND], {})
        results.take(FIRST, Result(b"aaaaaaaa", 1.0))
        results.take(SECOND, Result(b"bbbbbbbb", 2.0))
        rendered = results.known()
        self.assertFalse(results.take(FIRST, Result(bytes(bytearray(b"aaaaaaaa")), 11.0)))
        results.confirm(SECOND, 12.0)
        self.assertEqual(results.oldest_success(rendered), 11.0)
        self.assertIs(results.known()[FIRST].items, rendered[FIRST].items)

    def test_what_is_not_configured_any_more_is_forgotten(self) -> None:
        results = Results([SECOND], {FIRST: Result(b"aaaaaaaa", 1.0)})
        self.assertEqual(results.known(), {})
