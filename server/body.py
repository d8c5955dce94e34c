"""Request bodies: found their end, byte for byte, and thrown away. Pure.

No request here means anything by its body. But where it ends must be known for certain, or its
bytes could be taken for the next request (RFC 9112, 11.2).
"""

from enum import Enum
from http import HTTPStatus
from typing import Protocol

from server import grammar
from server.problem import Problem
from server.request import Request

# Bytes of a body, its framing included, that are read for the sake of the connection. Beyond that
# it is cheaper to answer and close. nginx, too, reads on for 64 kB or so before it gives up.
MAX_DRAINED = 64 * 1024
MAX_CHUNKS = 1000  # likewise; chunks of a byte cost more time than bytes
MAX_CHUNK_LINE = 1024  # bytes of a chunk's size and extensions, or of a trailer field

_MALFORMED = Problem(HTTPStatus.BAD_REQUEST, "The chunked body is malformed.")


class Body(Enum):
    """How far a body has come."""

    UNFINISHED = "unfinished"
    WHOLE = "whole"
    TOO_LARGE = "too large"


class Drain(Protocol):
    """Eats the bytes of one body."""

    def eat(self, data: bytes) -> tuple[Body | Problem, bytes]:
        """Take what has come; tell how far the body is, and give back what is not (yet) eaten."""


def drain(request: Request) -> Drain:
    """Make the drain for the body that follows a request head."""
    return _Chunked() if request.chunked else _Sized(request.content_length)


class _Sized:
    """A body of so many bytes, RFC 9112, 6.2."""

    def __init__(self, length: int) -> None:
        self._missing = length

    def eat(self, data: bytes) -> tuple[Body | Problem, bytes]:
        if self._missing > MAX_DRAINED:
            return Body.TOO_LARGE, data
        eaten = min(self._missing, len(data))
        self._missing -= eaten
        return (Body.UNFINISHED if self._missing else Body.WHOLE), data[eaten:]


class _Part(Enum):
    """What comes next in a chunked body, RFC 9112, 7.1."""

    SIZE = "a chunk's size, and its extensions"
    DATA = "a chunk's data"
    DATA_END = "the line end behind a chunk's data"
    TRAILER = "a trailer field, or the empty line at the end"


class _Chunked:
    """A chunked body, RFC 9112, 7.1."""

    def __init__(self) -> None:
        self._part = _Part.SIZE
        self._missing = 0
        self._eaten = 0
        self._chunks = 0

    def eat(self, data: bytes) -> tuple[Body | Problem, bytes]:
        position = 0
        while True:
            state, eaten = self._step(data, position)
            position += eaten
            self._eaten += eaten
            large = self._eaten + self._missing > MAX_DRAINED or self._chunks > MAX_CHUNKS
            if state is Body.UNFINISHED and large:
                state = Body.TOO_LARGE
            if state is not Body.UNFINISHED or not eaten:
                return state, data[position:]

    def _step(self, data: bytes, position: int) -> tuple[Body | Problem, int]:
        """Eat a part; tell how far the body is, and the bytes eaten: none, where more must come."""
        match self._part:
            case _Part.DATA:
                return self._data(len(data) - position)
            case _Part.DATA_END:
                return self._data_end(data[position : position + 2])
        end = data.find(b"\n", position, position + MAX_CHUNK_LINE + 2)
        if end < 0:
            fits = len(data) - position < MAX_CHUNK_LINE + 2
            return (Body.UNFINISHED if fits else _MALFORMED), 0
        line = data[position : end + 1]
        state = self._line(line[:-2]) if line.endswith(b"\r\n") else _MALFORMED
        return state, len(line)

    def _data(self, there: int) -> tuple[Body, int]:
        eaten = min(self._missing, there)
        self._missing -= eaten
        if not self._missing:
            self._part = _Part.DATA_END
        return Body.UNFINISHED, eaten

    def _data_end(self, found: bytes) -> tuple[Body | Problem, int]:
        if found == b"\r\n":
            self._part = _Part.SIZE
            return Body.UNFINISHED, 2
        return (Body.UNFINISHED if b"\r\n".startswith(found) else _MALFORMED), 0

    def _line(self, line: bytes) -> Body | Problem:
        if self._part is _Part.SIZE:
            return self._size(line)
        if not line:
            return Body.WHOLE
        return Body.UNFINISHED if grammar.FIELD_LINE.fullmatch(line) else _MALFORMED

    def _size(self, line: bytes) -> Body | Problem:
        match = grammar.CHUNK_LINE.fullmatch(line)
        if not match:
            return _MALFORMED
        self._missing = int(match[1], 16)
        self._chunks += self._missing > 0
        self._part = _Part.DATA if self._missing else _Part.TRAILER
        return Body.UNFINISHED
