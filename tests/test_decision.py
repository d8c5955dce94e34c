"""The decision: which answer a request gets."""

from http import HTTPStatus

from server.coding import Coding
from server.decision import Representation, decide, entity_tag, over_limit
from server.problem import Problem
from server.request import Request
from shared.snapshot import Snapshot
from tests.samples import HTTP_DATE, LAST_MODIFIED, get, snapshot
from tests.support import TestCase

LONG = snapshot(padding=100)
SHORT = snapshot()
NOW = LAST_MODIFIED + 60.0


class Decisions(TestCase):
    def problem(self, request: Request, held: Snapshot | None = LONG) -> Problem:
        """Decide what is to end in a problem."""
        found = decide(request, held, NOW)
        assert isinstance(found, Problem), found
        return found

    def test_a_get_of_the_root_is_answered_with_the_data(self) -> None:
        self.assertEqual(decide(get(), LONG, NOW), Representation(Coding.IDENTITY))

    def test_gzip_is_chosen_where_it_is_the_shorter_one(self) -> None:
        asking = get(accept_encoding="gzip")
        self.assertEqual(decide(asking, LONG, NOW), Representation(Coding.GZIP))
        self.assertEqual(decide(asking, SHORT, NOW), Representation(Coding.IDENTITY))

    def test_each_coding_has_a_tag_of_its_own(self) -> None:
        tags = {coding: entity_tag(LONG, coding) for coding in Coding}
        self.assertNotEqual(*tags.values())
        for coding, tag in tags.items():
            self.assertRegex(tag, '^"[0-9a-f]{32}"$')
            asking = get(accept_encoding=coding.value, if_none_match=tag)
            self.assertEqual(decide(asking, LONG, NOW), Representation(coding, modified=False))
        crossed = get(accept_encoding="gzip", if_none_match=tags[Coding.IDENTITY])
        self.assertEqual(decide(crossed, LONG, NOW), Representation(Coding.GZIP))

    def test_a_date_tells_what_is_new_too(self) -> None:
        current = decide(get(if_modified_since=HTTP_DATE), LONG, NOW)
        self.assertEqual(current, Representation(Coding.IDENTITY, modified=False))

    def test_a_precondition_can_fail(self) -> None:
        found = self.problem(get(if_match='"other"'))
        self.assertEqual((found.status, found.closes), (HTTPStatus.PRECONDITION_FAILED, False))

    def test_who_takes_neither_coding_gets_406(self) -> None:
        found = self.problem(get(accept_encoding="identity;q=0, gzip;q=0"))
        self.assertEqual((found.status, found.closes), (HTTPStatus.NOT_ACCEPTABLE, False))

    def test_another_path_is_not_found_by_any_method(self) -> None:
        for request in (get("/data"), get("//"), get("/data", "POST"), get("/%2F")):
            found = self.problem(request)
            self.assertEqual((found.status, found.closes), (HTTPStatus.NOT_FOUND, False))

    def test_another_method_is_not_allowed(self) -> None:
        for method in ("HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get", "OPTIONS"):
            found = self.problem(get(method=method))
            self.assertEqual(found.status, HTTPStatus.METHOD_NOT_ALLOWED)
            self.assertEqual(found.fields, (("Allow", "GET"),))
        self.assertEqual(self.problem(get("", "CONNECT")).status, HTTPStatus.METHOD_NOT_ALLOWED)

    def test_without_data_a_get_is_told_to_come_back(self) -> None:
        found = self.problem(get(if_none_match="*"), None)
        self.assertEqual((found.status, found.closes), (HTTPStatus.SERVICE_UNAVAILABLE, False))
        self.assertEqual(found.fields, (("Retry-After", "1"),))
        self.assertEqual(self.problem(get("/data"), None).status, HTTPStatus.NOT_FOUND)

    def test_beyond_the_limit_the_answer_names_it_and_closes(self) -> None:
        found = over_limit(7)
        self.assertEqual((found.status, found.closes), (HTTPStatus.SERVICE_UNAVAILABLE, True))
        self.assertEqual(found.fields, (("Retry-After", "1"),))
        self.assertIn("7", found.detail)
