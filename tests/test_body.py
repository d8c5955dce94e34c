"""Request bodies: where they end, however they are cut. RFC 9112, 6 and 7.1."""

from server.body import MAX_CHUNK_LINE, MAX_CHUNKS, MAX_DRAINED, Body, drain
from server.problem import Problem
from server.request import Persistence, Request
from tests.support import TestCase

CHUNKED = Request("GET", "/", {}, Persistence.PERSISTENT, chunked=True)
NEXT = b"GET / HTTP/1.1\r\n"


def sized(length: int) -> Request:
    """Make a request with a body of so many bytes."""
    return Request("GET", "/", {}, Persistence.PERSISTENT, content_length=length)


class Draining(TestCase):
    def eaten(self, request: Request, data: bytes) -> tuple[Body | Problem, bytes]:
        """Drain a body that has come whole, and check that a byte at a time gives the same."""
        whole = drain(request).eat(data)
        one_by_one, rest = drain(request), b""
        state: Body | Problem = Body.UNFINISHED
        for index in range(len(data)):
            state, rest = one_by_one.eat(rest + data[index : index + 1])
            if state is not Body.UNFINISHED:
                rest += data[index + 1 :]
                break
        self.assertEqual(state, whole[0])
        if not isinstance(state, Problem):
            self.assertEqual(rest, whole[1])
        return whole


class SizedBodies(Draining):
    def test_the_bytes_that_were_announced_are_eaten_and_no_more(self) -> None:
        for body, after in ((b"12345", NEXT), (b"GET /", b"")):
            self.assertEqual(self.eaten(sized(5), body + after), (Body.WHOLE, after))

    def test_more_is_awaited_while_bytes_are_missing(self) -> None:
        self.assertEqual(self.eaten(sized(5), b"1234"), (Body.UNFINISHED, b""))

    def test_the_bound_has_two_sides(self) -> None:
        self.assertEqual(drain(sized(MAX_DRAINED)).eat(b""), (Body.UNFINISHED, b""))
        self.assertEqual(drain(sized(MAX_DRAINED + 1)).eat(b""), (Body.TOO_LARGE, b""))


class ChunkedBodies(Draining):
    def test_chunks_are_eaten_with_their_extensions_and_trailers(self) -> None:
        for body in (
            b"0\r\n\r\n",
            b"5\r\n12345\r\n0\r\n\r\n",
            b"4\r\n\r\n\r\n\r\n0\r\n\r\n",
            b"000000000000a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n",
            b'1;a;b=c ; d="e\\"; f"\r\nx\r\n0;last\r\n\r\n',
            b"0\r\nX-Trailer: yes\r\nY:\r\n\r\n",
        ):
            with self.subTest(body):
                self.assertEqual(self.eaten(CHUNKED, body + NEXT), (Body.WHOLE, NEXT))
                self.assertIs(self.eaten(CHUNKED, body[:-1])[0], Body.UNFINISHED)

    def test_malformed_chunks_are_refused(self) -> None:
        for body in (
            b"\r\n",
            b"x\r\n",
            b"-1\r\n",
            b"+1\r\n",
            b"0x1\r\n",
            b"1_0\r\n",
            b" 1\r\n",
            b"1 \r\n",
            b"1\n",
            b"1\r\r\n",
            b"1;\r\n",
            b"1;=\r\n",
            b'1;a="\r\n',
            b"1;a=b\x00\r\n",
            b"100000000\r\n",
            b"1\r\nxy",
            b"1\r\nx\n",
            b"1\r\nx\ry",
            b"0\r\nX : y\r\n",
            b"0\r\n X: y\r\n",
            b"0\r\nX: y\n",
            b"0\r\nGET / HTTP/1.1\r\n",
        ):
            with self.subTest(body):
                self.assertIsInstance(self.eaten(CHUNKED, body)[0], Problem)

    def test_the_bounds_have_two_sides(self) -> None:
        least = b"%x\r\n" % (MAX_DRAINED - 6)
        self.assertIs(drain(CHUNKED).eat(least)[0], Body.UNFINISHED)
        self.assertIs(drain(CHUNKED).eat(b"%x\r\n" % MAX_DRAINED)[0], Body.TOO_LARGE)
        longest = b"1;" + b"x" * (MAX_CHUNK_LINE - 2)
        self.assertIs(self.eaten(CHUNKED, longest + b"\r\n")[0], Body.UNFINISHED)
        self.assertIs(self.eaten(CHUNKED, longest + b"\r")[0], Body.UNFINISHED)
        self.assertIsInstance(self.eaten(CHUNKED, longest + b"x\r\n")[0], Problem)
        self.assertIsInstance(self.eaten(CHUNKED, longest + b"xx")[0], Problem)

    def test_small_chunks_without_end_are_too_large(self) -> None:
        for chunk, most in (
            (b"1\r\nx\r\n", MAX_CHUNKS),
            (b"64\r\n" + b"x" * 100 + b"\r\n", MAX_DRAINED // 106),
        ):
            drained, count = drain(CHUNKED), 0
            while drained.eat(chunk) == (Body.UNFINISHED, b""):
                count += 1
            self.assertEqual(count, most)

    def test_the_last_chunk_is_not_one_too_many(self) -> None:
        chunks = b"1\r\nx\r\n" * MAX_CHUNKS
        self.assertEqual(self.eaten(CHUNKED, chunks + b"0\r\n\r\n"), (Body.WHOLE, b""))
