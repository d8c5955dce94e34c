"""The server against a second reading of HTTP, on tens of thousands of spoilt streams.

In the environment, FUZZ_SEED gives another seed and FUZZ_STREAMS another number of streams.
"""

import logging
import os
import random
import socket
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from server.answer import Answer
from server.connection import Connection
from server.readiness import Readiness
from server.receiver import sole_request
from server.request import Request
from server.service import Service
from shared import boot_clock
from tests.fuzz.mutations import LARGE_SEEDS, SEEDS, cut, stream
from tests.fuzz.reference import Outcome, outcomes
from tests.samples import snapshot
from tests.support import DEADLINE, AsyncTestCase

SEED = 9112
STREAMS = 30_000

# Where the server and the reference once differed. What a failure prints can be put here.
ONCE_DIFFERED = (
    b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nExpect:\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: a;b\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a\n",
    b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n",
)


class Recording(Service):
    """The service, with data and one slot, which keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(1)
        self.take(snapshot(), 0.0)
        self.asked: list[tuple[str, str]] = []

    def answer(self, request: Request, closes: bool = False, sole: bytes | None = None) -> Answer:
        """Answer as ever, and remember nothing: else the same bytes would not ask again."""
        self.asked.append((request.method, request.path or "/"))
        return super().answer(request, closes)


class Errors(logging.Handler):
    """What the server logs as errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.found.append(self.format(record))


@dataclass(frozen=True)
class Reply:
    """An answer of the server."""

    status: int
    closes: bool


class Conversation:
    """One connection to the server, whose other end is in the test's hand."""

    def __init__(self, service: Service, readiness: Readiness) -> None:
        self.ended: list[Connection] = []
        self.hung_up = False
        """Whether the server closed it before the client had sent all."""
        self._received = bytearray()
        self._near, far = socket.socketpair()
        self._near.setblocking(False)
        far.setblocking(False)
        self._connection = Connection(far, "peer", service, readiness, 60.0, self.ended.append)

    def close(self) -> None:
        """Let both ends go."""
        self._connection.close()
        self._near.close()

    def hold(self, pieces: Iterable[bytes]) -> bytes:
        """Send the pieces one after the other, and the end; tell all that is answered."""
        for piece in pieces:
            while piece and not self.ended:
                with suppress(BlockingIOError):
                    piece = piece[self._near.send(piece) :]
                self._go_on()
        self.hung_up = bool(self.ended)
        self._near.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + DEADLINE
        while not self.ended and time.monotonic() < deadline:
            self._go_on()
        return bytes(self._received)

    def _go_on(self) -> None:
        self._connection.ready()
        # A reset may follow what is answered, where more was sent than was read.
        with suppress(BlockingIOError, ConnectionResetError):
            while data := self._near.recv(65536):
                self._received += data


def replies(data: bytes, expected: list[Outcome]) -> list[Reply]:
    """Read answers, and nothing but answers. Raises AssertionError or ValueError."""
    found: list[Reply] = []
    while data:
        bodiless = len(found) < len(expected) and expected[len(found)].bodiless
        reply, data = _reply(data, bodiless)
        found.append(reply)
    return found


def _reply(data: bytes, bodiless: bool) -> tuple[Reply, bytes]:
    """Read one answer; tell also what follows it."""
    head, empty_line, rest = data.partition(b"\r\n\r\n")
    assert empty_line, "a head is cut short"
    line, *lines = head.decode("ascii").split("\r\n")
    version, number, phrase = line.split(" ", 2)
    status = HTTPStatus(int(number))
    assert (version, phrase) == ("HTTP/1.1", status.phrase), line
    fields = _fields(lines)
    parsedate_to_datetime(fields["date"])
    assert ("content-length" in fields) is (status is not HTTPStatus.NOT_MODIFIED), lines
    length = 0 if bodiless else int(fields.get("content-length", "0"))
    assert len(rest) >= length, "a body is cut short"
    return Reply(status.value, fields.get("connection") == "close"), rest[length:]


def _fields(lines: list[str]) -> dict[str, str]:
    fields = {}
    for line in lines:
        name, value = line.split(": ", 1)
        assert value.isprintable() and name.lower() not in fields, lines
        fields[name.lower()] = value
    assert "date" in fields, lines
    return fields


class Judge:
    """Compares what the server does with a stream with what the reference says."""

    def __init__(self) -> None:
        """Judge on the running loop."""
        self._errors = Errors()
        logging.getLogger("server").addHandler(self._errors)
        self._readiness = Readiness()
        self._service = Recording()
        self._knowing = Service(1)
        """Another service, which knows the answers to bytes that it has seen."""
        self._knowing.take(snapshot(), 0.0)
        now, wall = boot_clock.now(), time.time()
        for service in (self._service, self._knowing):
            service.tick(now, wall)

    def close(self) -> None:
        """Judge no more."""
        self._readiness.close()
        logging.getLogger("server").removeHandler(self._errors)

    def difference(self, pieces: list[bytes]) -> str:
        """Tell in what they differ; empty where they agree."""
        expected = outcomes(b"".join(pieces))
        self._service.asked.clear()
        with closing(Conversation(self._service, self._readiness)) as conversation:
            received = conversation.hold(pieces)
            if self._errors.found:
                return self._errors.found.pop()
            if len(conversation.ended) != 1 or len(self._service.limit) != 0:
                return "the connection did not end once, with its slot"
            if conversation.hung_up and not (expected and expected[-1].whole):
                return "it did not linger, so that a reset could destroy the answer"
        known = self._known(pieces)
        if known != received:
            return f"{known!r} where the answers are known, not {received!r}"
        try:
            found = replies(received, expected)
        except (AssertionError, LookupError, ValueError) as error:
            return f"{error!r} in {received!r}"
        return self._compared(found, expected)

    def _known(self, pieces: list[bytes]) -> bytes:
        """Tell what is answered where the answers to whole requests are known."""
        for piece in pieces:
            if request := sole_request(piece):
                self._knowing.answer(request, sole=piece)
        with closing(Conversation(self._knowing, self._readiness)) as conversation:
            return conversation.hold(pieces)

    def _compared(self, found: list[Reply], expected: list[Outcome]) -> str:
        for reply, outcome in zip(found, expected, strict=False):
            if reply.status not in outcome.statuses or reply.closes is not outcome.closes:
                return f"{reply} instead of {outcome}"
        if len(found) != len(expected):
            return f"{len(found)} answers instead of {len(expected)}"
        requests = [outcome.request for outcome in expected if outcome.request]
        asked = self._service.asked
        return f"asked {asked} instead of {requests}" if asked != requests else ""


def case(seed: int, number: int) -> list[bytes]:
    """Make a stream, cut into pieces; each can be made without those before it."""
    chance = random.Random(seed << 32 | number)
    return cut(chance, stream(chance))


class Fuzz(AsyncTestCase):
    def assert_agreed(self, cases: Iterable[tuple[str, list[bytes]]]) -> None:
        """Fail at the first of the named streams that the server does not take as it should."""

        async def main() -> None:
            with closing(Judge()) as judge:
                for name, pieces in cases:
                    try:
                        if difference := judge.difference(pieces):
                            self.fail(difference)
                    except Exception as error:
                        error.add_note(f"{name}: {b''.join(pieces)!r}\nin pieces: {pieces!r}")
                        raise

        self.run_async(main())

    def test_spoilt_streams_are_taken_as_the_grammar_says(self) -> None:
        seed = int(os.environ.get("FUZZ_SEED", SEED))
        count = int(os.environ.get("FUZZ_STREAMS", STREAMS))
        self.assert_agreed(
            (f"FUZZ_SEED={seed}, stream {number}", case(seed, number)) for number in range(count)
        )

    def test_valid_streams_are_served(self) -> None:
        for seed in (*SEEDS, *LARGE_SEEDS):
            self.assertTrue(all(outcome.request for outcome in outcomes(seed)), seed)
        self.assert_agreed((f"seed {seed[:40]!r}", [seed]) for seed in (*SEEDS, *LARGE_SEEDS))

    def test_streams_that_once_made_a_difference_make_none(self) -> None:
        for data in ONCE_DIFFERED:
            bytewise = [bytes([byte]) for byte in data]
            self.assert_agreed([("whole", [data]), ("byte by byte", bytewise)])

    def test_spoilt_streams_are_of_every_kind(self) -> None:
        """Or else all of the above would say little."""
        found = [
            outcome for number in range(5000) for outcome in outcomes(b"".join(case(SEED, number)))
        ]
        seen = {status for one in found for status in one.statuses}
        self.assertLessEqual({200, 404, 405, 400, 414, 417, 431, 501, 505}, seen)
        served = sum(outcome.request is not None for outcome in found)
        self.assertGreater(served, len(found) // 3)
        self.assertLess(served, len(found) * 4 // 5)
