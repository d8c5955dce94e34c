"""The receiver: bytes in, requests out, however the bytes are cut."""

import itertools
import random

from server.body import MAX_DRAINED, Body
from server.problem import Problem
from server.receiver import MAX_EMPTY_LINES, MAX_HEAD, MAX_REQUEST_LINE, Receiver, sole_request
from server.request import Request
from tests.support import TestCase

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEADER = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def received(*pieces: bytes) -> list[str]:
    """Feed pieces to a receiver; tell what came out, a word each."""
    receiver, found = Receiver(), []
    for piece in pieces:
        receiver.feed(piece)
        while (what := receiver.next()) is not None:
            found.append(_word(what))
    return found


def _word(what: Request | Body | Problem) -> str:
    match what:
        case Request():
            return f"{what.method} {what.path}"
        case Problem():
            return str(what.status.value)
    return what.value


class Receiving(TestCase):
    def assert_received(self, data: bytes, *words: str) -> None:
        """Check what comes of bytes: whole, byte by byte, and with the next request behind it."""
        with self.subTest(data[:100]):
            self.assertEqual(received(data), list(words))
            self.assertEqual(received(*(bytes([byte]) for byte in data)), list(words))
            ended = words and (words[-1].isdigit() or words[-1] == "too large")
            self.assertEqual(received(data + GET), [*words, *([] if ended else ["GET /"])])

    def test_requests_come_one_after_the_other(self) -> None:
        self.assert_received(GET, "GET /")
        self.assert_received(GET + GET.replace(b"/ ", b"/b ", 1) + GET, "GET /", "GET /b", "GET /")

    def test_a_body_is_never_taken_for_a_request(self) -> None:
        self.assert_received(POST + b"GET /", "POST /", "whole")
        inner = b"%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET)
        self.assert_received(CHUNKED + inner, "PUT /", "whole")
        self.assert_received(CHUNKED + b"x\r\n" + GET, "PUT /", "400")
        large = POST.replace(b"5", b"%d" % (MAX_DRAINED + 1))
        self.assert_received(large, "POST /", "too large")

    def test_a_problem_is_the_last_thing_that_comes(self) -> None:
        self.assert_received(GET + b"nonsense\r\n\r\n" + GET, "GET /", "400")

    def test_some_empty_lines_before_a_request_are_skipped(self) -> None:
        """RFC 9112, 2.2."""
        self.assert_received(b"\r\n" * MAX_EMPTY_LINES + GET, "GET /")
        self.assert_received((b"\r\n" * MAX_EMPTY_LINES + GET) * 2, "GET /", "GET /")
        self.assert_received(b"\r\n" * (MAX_EMPTY_LINES + 1), "400")

    def test_what_no_head_can_hold_is_refused_before_its_end(self) -> None:
        for data in (
            b"\x16\x03\x01\x02\x00\x01",  # a TLS handshake
            b"GET / HTTP/1.1\n",
            b"\n",
            b"\r\r",
            b"GET /\r ",
            HEADER + b"X: \x00",
            HEADER + b"X: y\nZ",
        ):
            self.assert_received(data, "400")

    def test_the_bounds_have_two_sides(self) -> None:
        target = b"/" + b"x" * (MAX_REQUEST_LINE - len(b"GET / HTTP/1.1"))
        longest = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        self.assert_received(longest, f"GET {target.decode()}")
        self.assert_received(longest.replace(b"/x", b"/xx", 1), "414")
        self.assert_received(b"x" * (MAX_REQUEST_LINE + 2), "414")
        self.assert_received(b"x" * MAX_REQUEST_LINE + b"\x00 ", "400")
        fields = HEADER + b"X: " + b"x" * (MAX_HEAD - len(HEADER) - 7)
        self.assert_received(fields + b"\r\n\r\n", "GET /")
        self.assert_received(fields + b"x\r\n\r\n", "431")
        self.assert_received(fields[:-1] + b"\r\nX: y\r\n", "431")

    def test_it_tells_whether_a_request_has_begun(self) -> None:
        for data, begun in {
            b"": False,
            b"\r\n": False,
            GET: False,
            POST + b"12345": False,
            b"G": True,
            GET + b"G": True,
            POST: True,
            POST + b"1234": True,
        }.items():
            receiver = Receiver()
            receiver.feed(data)
            while receiver.next() is not None:
                continue
            self.assertEqual(receiver.begun, begun, data)

    def test_it_tells_whether_what_came_has_to_do_with_what_will_come(self) -> None:
        for data, blank in {
            b"": True,
            b"\r\n": False,
            GET: True,
            b"\r\n" + GET: True,
            GET + b"\r\n": False,
            GET + b"G": False,
            POST + b"1234": False,
            POST + b"12345": True,
            b"nonsense\r\n\r\n": False,
        }.items():
            receiver = Receiver()
            receiver.feed(data)
            while receiver.next() is not None:
                continue
            self.assertEqual(receiver.is_blank, blank, data)

    def test_any_way_of_cutting_gives_the_same(self) -> None:
        chance = random.Random(112)
        streams = (
            GET * 3,
            POST + b"12345" + GET,
            CHUNKED + b"3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n" + GET,
            CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n" + GET,
            GET + b"\r\n\r\n" + POST + b"123456" + GET,
            GET + b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n" + GET,
        )
        for data in streams:
            whole = received(data)
            for _ in range(300):
                cuts = sorted(chance.choices(range(len(data) + 1), k=chance.randrange(1, 9)))
                edges = [0, *cuts, len(data)]
                pieces = [data[a:b] for a, b in itertools.pairwise(edges) if a < b]
                self.assertEqual(received(*pieces), whole, pieces)


class SoleRequests(TestCase):
    def test_one_whole_request_is_read_at_once(self) -> None:
        for data in (GET, b"\r\n" + GET, GET.replace(b"GET", b"DELETE")):
            request = sole_request(data)
            assert request
            self.assertEqual([f"{request.method} {request.path}"], received(data))

    def test_all_else_is_left_to_a_receiver(self) -> None:
        for data in (
            b"",
            GET[:-1],
            GET + b"\r\n",
            GET + GET,
            GET + b"G",
            POST,
            POST + b"12345",
            CHUNKED + b"0\r\n\r\n",
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            GET[:-2] + b"X: " + b"x" * 1024 + b"\r\n\r\n",
        ):
            self.assertIsNone(sole_request(data), data)
