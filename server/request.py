"""Requests: what the bytes of one request head mean, RFC 9112. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from ipaddress import IPv6Address

from server import grammar
from server.problem import Problem

MAX_FIELDS = 100  # lines, as many as Apache takes; browsers send about 20


class Persistence(Enum):
    """Whether the connection outlives the answer (RFC 9112, 9.3), and how the answer says so."""

    PERSISTENT = b""
    """The way of HTTP/1.1, which needs no word."""
    KEEP_ALIVE = b"Connection: keep-alive\r\n"
    """HTTP/1.0 asked for it, and takes it for granted only where it is confirmed."""
    CLOSE = b"Connection: close\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A valid request head."""

    method: str
    path: str
    """Without the query; empty where the target has none (CONNECT, `OPTIONS *`)."""
    fields: Mapping[str, str]
    """By name in lower case; the values of lines with one name are joined by commas."""
    persistence: Persistence
    content_length: int = 0
    """Bytes of the body that follows; 0 where it is chunked."""
    chunked: bool = False
    expects_continue: bool = False
    """Whether its sender may be waiting with the body for a word of ours, RFC 9110, 10.1.1."""

    @property
    def has_body(self) -> bool:
        """Tell whether bytes of a body follow the head."""
        return self.chunked or self.content_length > 0

    @property
    def is_head(self) -> bool:
        """Tell whether its answer must come without a body, RFC 9110, 9.3.2."""
        return self.method == "HEAD"


class _RefusedError(Exception):
    """Ends the parsing of a head; the problem says why."""

    def __init__(self, detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(detail)
        self.problem = Problem(status, detail)


def parse(head: bytes) -> Request | Problem:
    """Read a request head, from its request line to the empty line that ends it, both included.

    Never raises: what is no valid head is a problem. How long it may be is the receiver's to say.
    """
    try:
        return _parse(head)
    except _RefusedError as refused:
        return refused.problem


def _parse(head: bytes) -> Request:
    line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, modern = _request_line(line)
    path, authority = _target(method, target)
    fields = _fields(lines)
    _check_host(fields, modern, authority)
    content_length, chunked = _framing(fields, modern)
    has_body = chunked or content_length > 0
    return Request(
        method,
        path,
        fields,
        _persistence(fields, modern),
        content_length,
        chunked,
        _expects_continue(fields) and modern and has_body,
    )


def _request_line(line: bytes) -> tuple[str, bytes, bool]:
    """Tell method, target, and whether the version is 1.1 or a later 1.x (RFC 9110, 6.2)."""
    match = grammar.REQUEST_LINE.fullmatch(line)
    if not match:
        raise _RefusedError("The request line is malformed.")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise _RefusedError(
            "Only HTTP/1.0 and HTTP/1.1 are spoken here.", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        )
    return method.decode("ascii"), target, minor != b"0"


def _target(method: str, target: bytes) -> tuple[str, bytes | None]:
    """Tell the path, and the authority where the target has one (RFC 9112, 3.2)."""
    if method == "CONNECT":
        if grammar.AUTHORITY_FORM.fullmatch(target):
            return "", target
    elif match := grammar.ORIGIN_FORM.fullmatch(target):
        return match[1].decode("ascii"), None
    elif match := grammar.ABSOLUTE_FORM.fullmatch(target):
        return match[2].decode("ascii") or "/", match[1]
    elif method == "OPTIONS" and grammar.ASTERISK_FORM.fullmatch(target):
        return "", None
    raise _RefusedError("The request target is malformed.")


def _fields(lines: list[bytes]) -> dict[str, str]:
    if len(lines) > MAX_FIELDS:
        raise _RefusedError(
            f"There are more than {MAX_FIELDS} header fields.",
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        )
    fields: dict[str, str] = {}
    for line in lines:
        match = grammar.FIELD_LINE.fullmatch(line)
        if not match:
            raise _RefusedError("A header field is malformed.")
        name = match[1].decode("ascii").lower()
        value = match[2].strip(b" \t").decode("latin-1")
        # RFC 9110, 5.3. A second Host or Content-Length makes its value one that is not valid.
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _check_host(fields: Mapping[str, str], modern: bool, authority: bytes | None) -> None:
    """Check that the host is named once and validly, RFC 9112, 3.2."""
    host = fields.get("host")
    if host is None and modern:
        raise _RefusedError("The Host field is missing.")
    named = [] if host is None else [host.encode("latin-1")]
    named += [] if authority is None else [authority]
    if not all(map(_is_authority, named)):
        raise _RefusedError("The host is not valid.")


def _is_authority(value: bytes) -> bool:
    match = grammar.HOST.fullmatch(value)
    if not match or int(match[2] or 0) > 65535:
        return False
    if not match[1].startswith(b"["):
        return True
    try:
        IPv6Address(match[1][1:-1].decode("ascii"))
    except ValueError:
        return False
    return True


def _framing(fields: Mapping[str, str], modern: bool) -> tuple[int, bool]:
    """Tell the length of the body and whether it is chunked, RFC 9112, 6.

    Whatever another party might understand in another way is refused.
    """
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is not None:
        if length is not None:
            raise _RefusedError("Content-Length and Transfer-Encoding exclude each other.")
        if not modern:
            raise _RefusedError("HTTP/1.0 has no Transfer-Encoding.")
        _check_transfer_coding(coding)
        return 0, True
    if length is None:
        return 0, False
    if not grammar.CONTENT_LENGTH.fullmatch(length):
        raise _RefusedError("The Content-Length is not valid.")
    return int(length), False


def _check_transfer_coding(value: str) -> None:
    unquoted = grammar.QUOTED.sub('""', value.lower())
    codings = [coding.strip(" \t") for coding in unquoted.split(",")]
    if codings == ["chunked"]:
        return
    if "chunked" in codings[:-1] or not all(map(grammar.TRANSFER_CODING.fullmatch, codings)):
        raise _RefusedError("The Transfer-Encoding is not valid.")
    raise _RefusedError("The only transfer coding here is chunked.", HTTPStatus.NOT_IMPLEMENTED)


def _persistence(fields: Mapping[str, str], modern: bool) -> Persistence:
    """Apply RFC 9112, 9.3."""
    options = {option.strip(" \t") for option in fields.get("connection", "").lower().split(",")}
    if "close" in options:
        return Persistence.CLOSE
    if modern:
        return Persistence.PERSISTENT
    return Persistence.KEEP_ALIVE if "keep-alive" in options else Persistence.CLOSE


def _expects_continue(fields: Mapping[str, str]) -> bool:
    members = {member.strip(" \t") for member in fields.get("expect", "").lower().split(",")}
    expectations = members - {""}
    if expectations - {"100-continue"}:
        raise _RefusedError(
            "The only expectation met here is 100-continue.", HTTPStatus.EXPECTATION_FAILED
        )
    return bool(expectations)
