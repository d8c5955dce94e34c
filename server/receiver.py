"""The receiver: cuts the bytes of one connection into requests. Pure.

However the bytes are cut into pieces on their way, the same requests and problems come out.
"""

import functools
from dataclasses import replace
from http import HTTPStatus

from server import grammar
from server.body import Body, Drain, drain
from server.problem import Problem
from server.request import Request, parse

# Bytes. nginx takes lines of 8 kB, and 32 kB in all; h11 takes 16 KiB in all.
MAX_REQUEST_LINE = 8 * 1024
MAX_HEAD = 16 * 1024
MAX_EMPTY_LINES = 4  # before a request; RFC 9112, 2.2 asks for at least one

# Real clients send the same bytes again and again, so that parsing them strictly costs nothing.
# Only short heads are remembered: so many are 5 MB at the worst, whatever strangers send.
_REMEMBERED = 512
LONGEST_REMEMBERED = 1024  # bytes
_parse_remembered = functools.lru_cache(_REMEMBERED)(parse)

_LINE_TOO_LONG = Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "The request line is too long.")
_HEAD_TOO_LONG = Problem(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The header fields are too long."
)
_NOT_HTTP = Problem(HTTPStatus.BAD_REQUEST, "This is not a request of HTTP/1.")


class Receiver:
    """Takes bytes as they come, and gives what they hold, one thing after the other.

    For each request its head (a Request); then, where it has a body, Body.WHOLE when that has been
    read, or Body.TOO_LARGE. A Problem, or a body too large, is the last thing that comes.
    """

    __slots__ = ("_buffer", "_drain", "_empty_lines", "_ended", "_scanned")

    def __init__(self) -> None:
        self._buffer = b""
        self._drain: Drain | None = None
        self._empty_lines = 0
        self._ended = False
        # Up to where the head is known to go on, so that one that drips is not read over and over.
        self._scanned = 0

    @property
    def begun(self) -> bool:
        """Whether more is to come of a request, or bytes that nobody will understand."""
        return bool(self._buffer or self._drain or self._ended)

    @property
    def is_blank(self) -> bool:
        """Whether it is as at its begin: nothing that came has to do with what will come."""
        return not (self.begun or self._empty_lines)

    def feed(self, data: bytes) -> None:
        """Take the bytes that have come."""
        self._buffer = self._buffer + data if self._buffer else data

    def next(self) -> Request | Body | Problem | None:
        """Tell what comes next; None where more bytes are needed to know, or nothing follows."""
        if self._ended:
            return None
        found = self._body(self._drain) if self._drain else self._head()
        self._ended = isinstance(found, Problem) or found is Body.TOO_LARGE
        return found

    def fit(self, problem: Problem) -> Problem:
        """Fit a problem to what has begun: what begins like a HEAD gets no body."""
        bodiless = not self._drain and self._buffer.startswith(b"HEAD ")
        return replace(problem, bodiless=True) if bodiless else problem

    def _body(self, drain: Drain) -> Body | Problem | None:
        state, self._buffer = drain.eat(self._buffer)
        if state is Body.UNFINISHED:
            return None
        self._drain = None
        return state

    def _head(self) -> Request | Problem | None:
        self._skip_empty_lines()
        if self._empty_lines > MAX_EMPTY_LINES:
            return _NOT_HTTP
        end = _head_end(self._buffer, self._scanned)
        if end is None:
            self._scanned = max(0, len(self._buffer) - 3)
            return None
        if isinstance(end, Problem):
            return self.fit(end)
        head = self._buffer[:end]
        request = _parse_remembered(head) if end <= LONGEST_REMEMBERED else parse(head)
        if isinstance(request, Problem):
            return self.fit(request)
        self._buffer = self._buffer[end:]
        self._empty_lines = self._scanned = 0
        if request.has_body:
            self._drain = drain(request)
        return request

    def _skip_empty_lines(self) -> None:
        while self._buffer.startswith(b"\r\n") and self._empty_lines <= MAX_EMPTY_LINES:
            self._buffer = self._buffer[2:]
            self._empty_lines += 1


def sole_request(data: bytes) -> Request | None:
    """Read what is one whole request without a body and nothing else; None for all the rest.

    None, too, where it is too long to be remembered.
    """
    if len(data) > LONGEST_REMEMBERED:
        return None
    receiver = Receiver()
    receiver.feed(data)
    found = receiver.next()
    return found if isinstance(found, Request) and receiver.is_blank else None


def _head_end(data: bytes, start: int) -> int | Problem | None:
    """Tell the offset behind a head, or why there will be none; None where it is not known yet.

    Nothing before `start` ends it.
    """
    last_line = data.find(b"\r\n\r\n", start, MAX_HEAD)
    end = MAX_HEAD if last_line < 0 else last_line + 4
    suspect = grammar.may_be_foul(data[start:end])
    foul = grammar.FOUL.search(data, start, end) if suspect else None
    line = data.find(b"\r\n", 0, MAX_REQUEST_LINE + 2)
    if line < 0 and len(data) >= MAX_REQUEST_LINE + 2:
        return _NOT_HTTP if foul and foul.start() <= MAX_REQUEST_LINE else _LINE_TOO_LONG
    if foul:
        return _NOT_HTTP
    if last_line >= 0:
        return end
    return _HEAD_TOO_LONG if len(data) >= MAX_HEAD else None
