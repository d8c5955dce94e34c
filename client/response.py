"""Responses: what the bytes of an HTTP/1.x response mean, RFC 9112. Pure.

`http.client` takes the fields for those of an e-mail, and its bounds and leniencies differ from one
Python to the next. Here an endpoint's mistakes have the same consequences everywhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus
from typing import NoReturn, Protocol

from shared.text import shown

MAX_HEAD = 256 * 1024  # bytes; curl takes 300 kB
MAX_FIELDS = 5000  # lines, as in curl; http.client takes 100
MAX_LINE = 16 * 1024  # bytes of a chunk's size and extensions, or of a trailer field
MAX_TRAILERS = 64 * 1024  # bytes

VERSION = b"HTTP/1."

# RFC 9112, 4: there may be more blanks than one, and no reason; many leave out its blank, too.
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9][ \t]+([1-9][0-9]{2})(?:[ \t]+(.*))?")
# RFC 9112, 2.2: a recipient may take a bare line feed for the end of a line.
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,99}")
# RFC 9112, 7.1.1: blanks may stand before an extension; some senders pad the size with them.
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;.*)?\r?\n")


class ResponseError(Exception):
    """What came is no response of HTTP/1, or not a whole one; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a response."""

    status: int
    reason: str
    """As the server sent it."""
    fields: tuple[tuple[str, str], ...] = ()
    """Names in lower case; values without the blanks around them, their bytes as Latin-1."""

    @property
    def is_interim(self) -> bool:
        """Whether another response follows, RFC 9110, 15.2. Behind a 101, there is none of HTTP."""
        return self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    def values(self, name: str) -> list[str]:
        """Return the value of each line with this name."""
        return [value for found, value in self.fields if found == name]

    def value(self, name: str) -> str | None:
        """Return the value of all lines with this name, as one list: RFC 9110, 5.3."""
        return ", ".join(self.values(name)) or None

    def members(self, name: str) -> list[str]:
        """Return the members of a list in lower case; empty ones do not count: RFC 9110, 5.6.1."""
        members = (each.strip(" \t").lower() for each in ",".join(self.values(name)).split(","))
        return [each for each in members if each]


def head_end(data: bytes | bytearray, start: int) -> int | None:
    """Return the offset behind a head; None where it goes on. Nothing before `start` ends it.

    Raises ResponseError for what cannot be one.
    """
    if data[: len(VERSION)] != VERSION[: len(data)]:
        raise ResponseError(f"not HTTP/1: it begins with {_shown(bytes(data[:60]))}")
    found = _HEAD_END.search(data, start)
    if (found.end() if found else len(data)) > MAX_HEAD:
        raise ResponseError(f"not HTTP: a head of more than {MAX_HEAD} bytes")
    return found.end() if found else None


def parse_head(head: bytes) -> Head:
    """Read a head, from its status line to the empty line that ends it. Raises ResponseError.

    The fields of an interim response, RFC 9110, 15.2, are left unread: nothing depends on them.
    """
    first, _, rest = head.partition(b"\n")
    match = _STATUS_LINE.fullmatch(_line(first))
    if not match:
        raise ResponseError(f"not HTTP: not a status line: {_shown(first)}")
    found = Head(int(match[1]), (match[2] or b"").decode("latin-1"))
    if found.is_interim:
        return found
    *lines, _, _ = rest.split(b"\n")
    if len(lines) > MAX_FIELDS:
        raise ResponseError(f"not HTTP: a head of more than {MAX_FIELDS} lines")
    return replace(found, fields=tuple(map(_field, _unfolded(map(_line, lines)))))


def _line(data: bytes) -> bytes:
    line = data.removesuffix(b"\r")
    if b"\r" in line:
        raise ResponseError(f"not HTTP: a carriage return within a line: {_shown(line)}")
    return line


def _unfolded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Return the field lines, each with those that continue it: RFC 9112, 5.2."""
    folded: list[list[bytes]] = []
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            folded.append([line])
        elif folded:
            folded[-1].append(line.strip(b" \t"))
        else:
            raise ResponseError("not HTTP: a blank before the first field: RFC 9112, 2.2")
    return map(b" ".join, folded)


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise ResponseError("not HTTP: a line of the head is no field, for it has no colon")
    if name.endswith((b" ", b"\t")):
        raise ResponseError(f"not HTTP: a blank before the colon of {_shown(name.rstrip())}")
    if _CONTROL.search(name):
        raise ResponseError(f"not HTTP: a control character in a field name: {_shown(name)}")
    # Other names that are none do no harm: nothing here depends on such a field.
    return name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1")


def _shown(data: bytes) -> str:
    return shown(data.rstrip(b"\r\n").decode("latin-1"), 40)


class Body(Protocol):
    """The body of a response, as far as it has come."""

    @property
    def length(self) -> int | None:
        """The bytes in all, where the head has said so."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is to come."""

    def decode(self, data: bytes) -> bytes | bytearray:
        """Take what has come; return what it brings of the body. Raises ResponseError."""

    def end(self) -> None:
        """Take note of the connection's end. Raises ResponseError where something is missing."""


def body_of(head: Head) -> Body:
    """Return the body that follows a head, RFC 9112, 6.3. Raises ResponseError.

    A transfer coding wins over a length. Others may read it differently; that does no harm here, as
    a connection carries one response.
    """
    codings = [each for each in head.members("transfer-encoding") if each != "identity"]
    if codings == ["chunked"]:
        return Chunked()
    if codings:
        raise ResponseError(f"transfer coding {shown(', '.join(codings))}, which was not asked for")
    lengths = head.values("content-length")
    if not lengths:
        return UntilClose()
    if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise ResponseError(f"not HTTP: a Content-Length of {shown(', '.join(lengths))}")
    return Sized(int(lengths[0]))


class Sized:
    """A body of so many bytes. What follows it is not part of the response."""

    def __init__(self, length: int) -> None:
        self.length: int | None = length
        self._missing = length

    @property
    def is_whole(self) -> bool:
        """Whether all has come."""
        return not self._missing

    def decode(self, data: bytes) -> bytes:
        """Take it as it is."""
        taken = data[: self._missing]
        self._missing -= len(taken)
        return taken

    def end(self) -> None:
        """Raise ResponseError where bytes are missing."""
        if self._missing:
            raise ResponseError(f"a body cut short: {self._missing} bytes are missing")


class UntilClose:
    """A body that the end of the connection ends, RFC 9112, 6.3, point 8."""

    length: int | None = None
    is_whole = False

    def decode(self, data: bytes) -> bytes:
        """Take it as it is."""
        return data

    def end(self) -> None:
        """Do nothing: the end of the connection ends it."""


class _Part(Enum):
    """What comes next in a chunked body, RFC 9112, 7.1."""

    SIZE = auto()
    DATA_END = auto()  # behind the data, whose size is known
    TRAILERS = auto()
    NOTHING = auto()


class Chunked:
    """A chunked body, RFC 9112, 7.1. Its extensions and trailers mean nothing here."""

    length: int | None = None

    def __init__(self) -> None:
        self._part = _Part.SIZE
        self._missing = 0  # bytes of the chunk
        self._line = b""  # as far as it has come
        self._trailers = 0  # bytes

    @property
    def is_whole(self) -> bool:
        """Whether the last line has come."""
        return self._part is _Part.NOTHING

    def decode(self, data: bytes) -> bytearray:
        """Take the chunks apart."""
        body, position = bytearray(), 0
        while position < len(data) and self._part is not _Part.NOTHING:
            if self._missing:
                piece = data[position : position + self._missing]
                body += piece
                position += len(piece)
                self._missing -= len(piece)
            else:
                end = data.find(b"\n", position) + 1
                self._take(data[position : end or len(data)], is_whole=bool(end))
                position = end or len(data)
        return body

    def _take(self, piece: bytes, is_whole: bool) -> None:
        """Take a line, or a piece of one."""
        line = self._line + piece
        if len(line) > MAX_LINE:
            raise ResponseError(f"not HTTP: a chunk's line of more than {MAX_LINE} bytes")
        self._line = b"" if is_whole else line
        if is_whole:
            self._part = self._next_part(line)

    def _next_part(self, line: bytes) -> _Part:
        """Return what comes behind a line."""
        if self._part is _Part.SIZE:
            match = _CHUNK_LINE.fullmatch(line)
            if not match:
                raise ResponseError(f"not HTTP: not a chunk size: {_shown(line)}")
            self._missing = int(match[1], 16)
            return _Part.DATA_END if self._missing else _Part.TRAILERS
        is_empty = line in (b"\r\n", b"\n")
        if self._part is _Part.DATA_END:
            if not is_empty:
                raise ResponseError(f"not HTTP: a chunk longer than its size: {_shown(line)}")
            return _Part.SIZE
        if is_empty:
            return _Part.NOTHING
        self._trailers += len(line)
        if self._trailers > MAX_TRAILERS:
            raise ResponseError(f"not HTTP: trailers of more than {MAX_TRAILERS} bytes")
        return _Part.TRAILERS

    def end(self) -> NoReturn:
        """Raise ResponseError: a whole one ends before the connection."""
        raise ResponseError("a body cut short")
