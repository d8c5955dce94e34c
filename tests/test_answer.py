"""Answers: what goes out, byte for byte."""

import gzip
import json
from dataclasses import replace
from http import HTTPStatus

from server.answer import MAX_JOINED, MOST_KNOWN, Answer, Answers, Holding
from server.coding import Coding
from server.decision import Representation, over_limit
from server.problem import Problem
from server.request import Persistence
from shared.snapshot import Snapshot
from tests.samples import HTTP_DATE, LAST_MODIFIED, get, snapshot
from tests.support import TestCase

IDENTITY, GZIP = Representation(Coding.IDENTITY), Representation(Coding.GZIP)
CURRENT = Representation(Coding.IDENTITY, modified=False)
WALL = LAST_MODIFIED + 100.5
DATE = "Sun, 06 Nov 1994 08:51:17 GMT"


def answers(held: Snapshot | None = None, age: float = 7.9, wall: float = WALL) -> Answers:
    """Make the answers of a server that holds a snapshot of this age."""
    return Answers(Holding(held, 7, 1000.0 - age) if held else None, 1000.0, wall)


def sent(answer: Answer) -> bytes:
    """Put the pieces together."""
    return b"".join(map(bytes, answer.pieces))


class DataAnswers(TestCase):
    def test_the_data_comes_with_all_that_a_cache_needs(self) -> None:
        held = snapshot()
        answer = answers(held).give(IDENTITY, Persistence.PERSISTENT)
        self.assertEqual((answer.status, answer.closes), (HTTPStatus.OK, False))
        self.assertEqual(
            sent(answer).decode(),
            "HTTP/1.1 200 OK\r\n"
            f"Date: {DATE}\r\n"
            f'ETag: "{held.identity_digest.hex()}"\r\n'
            "Age: 7\r\n"
            "Cache-Control: no-cache\r\n"
            "Vary: Accept-Encoding\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 23\r\n"
            f"Last-Modified: {HTTP_DATE}\r\n"
            "\r\n"
            '["630e1244","5f4a8990"]',
        )

    def test_gzip_says_so_and_has_its_own_tag(self) -> None:
        held = snapshot(padding=100)
        head, _, body = sent(answers(held).give(GZIP, Persistence.PERSISTENT)).partition(
            b"\r\n\r\n"
        )
        self.assertIn(b"Content-Encoding: gzip\r\n", head + b"\r\n")
        self.assertIn(f'ETag: "{held.gzip_digest.hex()}"\r\n'.encode(), head)
        self.assertIn(f"Content-Length: {len(body)}\r\n".encode(), head)
        self.assertEqual(gzip.decompress(body), held.identity)

    def test_not_modified_is_a_head_alone(self) -> None:
        """RFC 9110, 15.4.5."""
        held = snapshot()
        answer = answers(held).give(CURRENT, Persistence.PERSISTENT)
        self.assertEqual(
            sent(answer).decode(),
            "HTTP/1.1 304 Not Modified\r\n"
            f"Date: {DATE}\r\n"
            f'ETag: "{held.identity_digest.hex()}"\r\n'
            "Age: 7\r\n"
            "Cache-Control: no-cache\r\n"
            "Vary: Accept-Encoding\r\n"
            "\r\n",
        )

    def test_the_connection_is_told_how_it_goes_on(self) -> None:
        made = answers(snapshot())
        for persistence, line, closes in (
            (Persistence.PERSISTENT, b"", False),
            (Persistence.KEEP_ALIVE, b"\r\nConnection: keep-alive\r\n", False),
            (Persistence.CLOSE, b"\r\nConnection: close\r\n", True),
        ):
            answer = made.give(IDENTITY, persistence)
            self.assertEqual(answer.closes, closes)
            self.assertIn(line, sent(answer))
            self.assertEqual(sent(answer).count(b"Connection"), bool(line))

    def test_a_large_body_is_not_copied(self) -> None:
        held = snapshot(padding=MAX_JOINED // 11)
        answer = answers(held).give(IDENTITY, Persistence.PERSISTENT)
        self.assertIs(answer.pieces[1], held.identity)
        self.assertEqual(answer.edition, 7)
        small = answers(snapshot()).give(IDENTITY, Persistence.PERSISTENT)
        self.assertEqual((len(small.pieces), small.edition), (1, 0))

    def test_an_answer_is_rendered_once(self) -> None:
        made = answers(snapshot())
        first = made.give(IDENTITY, Persistence.PERSISTENT)
        again = made.give(Representation(Coding.IDENTITY), Persistence.PERSISTENT)
        self.assertIs(first, again)

    def test_last_modified_is_never_later_than_the_date(self) -> None:
        """RFC 9110, 8.8.2.1."""
        made = answers(snapshot(), wall=LAST_MODIFIED - 3600)
        whole = sent(made.give(IDENTITY, Persistence.PERSISTENT))
        date = b"Sun, 06 Nov 1994 07:49:37 GMT"
        self.assertIn(b"\r\nDate: " + date, whole)
        self.assertIn(b"\r\nLast-Modified: " + date, whole)

    def test_an_age_is_never_below_zero(self) -> None:
        whole = sent(answers(snapshot(), age=-5).give(IDENTITY, Persistence.PERSISTENT))
        self.assertIn(b"\r\nAge: 0\r\n", whole)


class AnswersToRequests(TestCase):
    def test_a_request_is_answered_as_is_decided_for_it(self) -> None:
        made = answers(snapshot())
        for request, decided in (
            (get(), IDENTITY),
            (get(accept_encoding="gzip;q=1, identity;q=0"), GZIP),
            (get(if_none_match="*"), CURRENT),
        ):
            for _ in range(2):
                self.assertIs(made.to(request), made.give(decided, Persistence.PERSISTENT))
        self.assertEqual(made.to(get("/x")).status, HTTPStatus.NOT_FOUND)
        self.assertNotIn(b"{", sent(made.to(get(method="HEAD"))))

    def test_one_that_is_the_last_says_so(self) -> None:
        made, request = answers(snapshot()), get()
        self.assertFalse(made.to(request).closes)
        self.assertTrue(made.to(request, closes=True).closes)

    def test_a_client_that_did_not_ask_for_the_end_may_have_sent_more(self) -> None:
        made, last = answers(snapshot()), replace(get(), persistence=Persistence.CLOSE)
        self.assertFalse(made.to(last).lingers)
        self.assertTrue(made.to(get(), closes=True).lingers)
        self.assertFalse(made.to(get()).lingers)
        self.assertTrue(made.give(over_limit(1), Persistence.CLOSE).lingers)

    def test_what_is_remembered_is_bounded_and_holds_no_errors(self) -> None:
        made = answers(snapshot())
        for number in range(MOST_KNOWN + 10):
            made.remember(b"%d" % number, made.to(get()))
        self.assertEqual(len(made.known), MOST_KNOWN)
        made = answers(None)
        made.remember(b"x", made.to(get()))
        self.assertFalse(made.known)

    def test_it_tells_its_size(self) -> None:
        for held in (None, snapshot(), snapshot(padding=MAX_JOINED // 11)):
            answer = answers(held).to(get())
            self.assertEqual(answer.size, len(sent(answer)))


class ProblemAnswers(TestCase):
    def test_a_problem_is_a_document_that_no_cache_keeps(self) -> None:
        answer = answers().give(over_limit(3), Persistence.PERSISTENT)
        head, _, body = sent(answer).partition(b"\r\n\r\n")
        self.assertEqual(
            head.decode(),
            "HTTP/1.1 503 Service Unavailable\r\n"
            f"Date: {DATE}\r\n"
            "Content-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\n"
            "Retry-After: 1\r\n"
            "Connection: close",
        )
        self.assertEqual(
            json.loads(body),
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "The limit of 3 clients is reached.",
            },
        )

    def test_it_closes_where_it_must_and_else_as_the_client_wishes(self) -> None:
        must = Problem(HTTPStatus.BAD_REQUEST, "No.")
        may = Problem(HTTPStatus.NOT_FOUND, "No.", closes=False)
        made = answers()
        self.assertTrue(made.give(must, Persistence.PERSISTENT).closes)
        self.assertFalse(made.give(may, Persistence.PERSISTENT).closes)
        self.assertTrue(made.give(may, Persistence.CLOSE).closes)

    def test_to_head_it_comes_without_its_body(self) -> None:
        """RFC 9110, 9.3.2: the fields are those of the whole."""
        problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, "No.", (("Allow", "GET"),), closes=False)
        made = answers()
        whole = sent(made.give(problem, Persistence.PERSISTENT))
        bare = sent(made.give(problem, Persistence.PERSISTENT, bodiless=True))
        self.assertEqual(bare, whole[: whole.index(b"\r\n\r\n") + 4])
