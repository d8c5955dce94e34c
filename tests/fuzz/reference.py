"""A second reading of what clients send: plain and slow, rule by rule from RFC 9110 and RFC 9112.

It shares neither code nor technique with the server, so that no slip is made twice: where both
agree on a stream of bytes, both are likely right. Functions are named after the rules of the ABNF.
"""

from dataclasses import dataclass, field

from tests.fuzz.abnf import (
    DIGIT,
    TEXT,
    WSP,
    MalformedError,
    chunk_size,
    field_line,
    host,
    http_version,
    made_of,
    request_target,
    token,
)

CRLF = b"\r\n"

# What the RFCs leave to the server, as it declares it.
MAX_EMPTY_LINES = 4
MAX_REQUEST_LINE = 8192
MAX_HEAD = 16384
MAX_FIELD_LINES = 100
MAX_LENGTH_DIGITS = 18
MAX_CHUNK_LINE = 1024
MAX_BODY = 65536
MAX_CHUNKS = 1000  # that have data

# The answers to a GET of the data that depend on more than its being valid.
NEGOTIATED = frozenset({200, 304, 406, 412})
NEGOTIATING = {
    b"accept-encoding",
    b"if-match",
    b"if-none-match",
    b"if-modified-since",
    b"if-unmodified-since",
}

Fields = dict[bytes, list[bytes]]
"""The values of each name in lower case, one a line."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of one request."""

    statuses: frozenset[int]
    """Any of these is right."""
    closes: bool = True
    """Whether the connection ends with it."""
    request: tuple[str, str] | None = None
    """Method and path; None where it is refused."""
    bodiless: bool = False
    """Whether the answer is to a HEAD."""
    whole: bool = False
    """Whether it is read to its end."""


@dataclass
class Head:
    """A request head, read as far as it can be."""

    faults: set[int] = field(default_factory=set)
    """The statuses of the rules that it breaks."""
    method: bytes = b""
    path: bytes = b""
    minor: int = 1
    fields: Fields = field(default_factory=dict)


class TooLargeError(Exception):
    """The body is more than the server reads."""


class IncompleteError(Exception):
    """The stream ends before the body does."""


def overlong(data: bytes, end: bytes, bound: int) -> bool:
    """Tell whether the end of something is not, and will not be, within so many bytes."""
    return len(data) >= bound and end not in data[:bound]


class ChunkedBody:
    """A body by RFC 9112, 7.1, read from a place in a stream."""

    def __init__(self, stream: bytes, at: int) -> None:
        self._stream = stream
        self._start = self._at = at

    def end(self) -> int:
        """Read it, and tell where it ends. Raises any of the three errors."""
        chunks = 0
        while size := chunk_size(self._line()):
            chunks += 1
            if chunks > MAX_CHUNKS:
                raise TooLargeError
            self._expect(size)
            self._at += size
            self._crlf()
        self._expect(0)
        return self._trailer_section_end()

    def _trailer_section_end(self) -> int:
        while line := self._line():
            if field_line(line) is None:
                raise MalformedError
            self._expect(0)
        return self._at

    def _line(self) -> bytes:
        end = self._stream.find(b"\n", self._at) + 1
        rest = self._stream[self._at : end or len(self._stream)]
        if overlong(rest, b"\n", MAX_CHUNK_LINE + 2):
            raise MalformedError
        if not end:
            raise IncompleteError
        if not rest.endswith(CRLF):
            raise MalformedError
        self._at = end
        return rest[:-2]

    def _crlf(self) -> None:
        found = self._stream[self._at : self._at + 2]
        if not CRLF.startswith(found):
            raise MalformedError
        if found != CRLF:
            raise IncompleteError
        self._at += 2
        self._expect(0)

    def _expect(self, size: int) -> None:
        """Check the bound, with so many bytes to come."""
        if self._at + size - self._start > MAX_BODY:
            raise TooLargeError


def request_line(line: bytes) -> Head:
    """RFC 9112, 3."""
    parts = line.split(b" ")
    if len(parts) != 3 or not token(parts[0]) or not http_version(parts[2]):
        return Head({400}, parts[0] if len(parts) > 1 else b"")
    method, target, version = parts
    path = request_target(method, target)
    faults = set() if version[5:6] == b"1" else {505}
    if path is None:
        faults.add(400)
    return Head(faults, method, path or b"", int(version[7:]))


def field_lines(lines: list[bytes], head: Head) -> None:
    """RFC 9112, 5: add the fields to a head."""
    if len(lines) > MAX_FIELD_LINES:
        head.faults.add(431)
    for line in lines:
        named = field_line(line)
        if named is None:
            head.faults.add(400)
        else:
            head.fields.setdefault(named[0], []).append(named[1])


def members(head: Head, name: bytes) -> list[bytes]:
    """RFC 9110, 5.6.1: tell the members of a list, in lower case."""
    listed = b",".join(head.fields.get(name, [])).split(b",")
    return [member.strip(WSP).lower() for member in listed if member.strip(WSP)]


def host_faults(head: Head) -> set[int]:
    """RFC 9112, 3.2."""
    hosts = head.fields.get(b"host", [])
    missing = not hosts and head.minor > 0
    return {400} if missing or len(hosts) > 1 or not all(map(host, hosts)) else set()


def content_length_faults(head: Head) -> set[int]:
    """RFC 9112, 6.2 and 6.3."""
    lengths = head.fields.get(b"content-length", [b"0"])
    right = len(lengths) == 1 and 1 <= len(lengths[0]) <= MAX_LENGTH_DIGITS
    return set() if right and made_of(DIGIT, lengths[0]) else {400}


def transfer_encoding_faults(head: Head) -> set[int]:
    """RFC 9112, 6.1 and 7; the server takes no list with empty members here."""
    lines = head.fields.get(b"transfer-encoding")
    if lines is None:
        return set()
    faults = {400} if head.minor == 0 or b"content-length" in head.fields else set()
    codings = [coding.strip(WSP).lower() for coding in b",".join(lines).split(b",")]
    for coding in codings:
        name = coding.partition(b";")[0].rstrip(WSP)
        if not token(name) or (name == b"chunked" and codings != [b"chunked"]):
            faults.add(400)
        elif name != b"chunked":
            # With parameters, which no coding that is registered has, it may be called malformed.
            faults |= {501} if coding == name else {400, 501}
    return faults


def expect_faults(head: Head) -> set[int]:
    """RFC 9110, 10.1.1."""
    return set() if set(members(head, b"expect")) <= {b"100-continue"} else {417}


def closes(head: Head) -> bool:
    """RFC 9112, 9.3 and 9.6."""
    options = members(head, b"connection")
    return b"close" in options or (head.minor == 0 and b"keep-alive" not in options)


def early_faults(head: bytes, lines: list[bytes]) -> set[int]:
    """Tell what is wrong with a head whatever still follows, RFC 9112, 2.2."""
    faults = {414} if overlong(head, CRLF, MAX_REQUEST_LINE + 2) else set()
    if overlong(head, CRLF + CRLF, MAX_HEAD):
        faults.add(431)
    if not all(made_of(TEXT, line) for line in lines):
        faults.add(400)
    return faults


def read_head(data: bytes, complete: bool) -> Head | None:
    """Read the bytes from the request line on; None where it needs more of them."""
    lines = (data if complete else data.removesuffix(b"\r")).split(CRLF)
    early = early_faults(data, lines)
    if not (complete or early):
        return None
    head = request_line(lines[0])
    field_lines(lines[1:-2] if complete else lines[1:], head)
    head.faults |= early | host_faults(head) | content_length_faults(head)
    head.faults |= transfer_encoding_faults(head) | expect_faults(head)
    return head


def body_end(head: Head, stream: bytes, at: int) -> int:
    """RFC 9112, 6.3. Raises as ChunkedBody does."""
    if b"transfer-encoding" in head.fields:
        return ChunkedBody(stream, at).end()
    length = int(head.fields.get(b"content-length", [b"0"])[0])
    if length > MAX_BODY:
        raise TooLargeError
    if at + length > len(stream):
        raise IncompleteError
    return at + length


def statuses(head: Head) -> frozenset[int]:
    """Tell what may be the answer to a valid request."""
    if head.path != b"/":
        return frozenset({404})
    if head.method != b"GET":
        return frozenset({405})
    return NEGOTIATED if NEGOTIATING & head.fields.keys() else frozenset({200})


def awaits_answer(head: Head) -> bool:
    """RFC 9110, 10.1.1: tell whether the client may hold its body back until it has an answer."""
    sized = int(head.fields.get(b"content-length", [b"0"])[0]) > 0
    announced = sized or b"transfer-encoding" in head.fields
    return head.minor > 0 and announced and members(head, b"expect") != []


def outcome(head: Head, stream: bytes, at: int) -> tuple[Outcome | None, int]:
    """Tell what becomes of a request, and where it ends; its head ends at `at`."""
    bodiless = head.method == b"HEAD"
    if head.faults:
        return Outcome(frozenset(head.faults), bodiless=bodiless), at
    whole, end = False, at
    try:
        if not awaits_answer(head):
            end, whole = body_end(head, stream, at), True
    except IncompleteError:
        return None, at
    except MalformedError:
        return Outcome(frozenset({400}), bodiless=bodiless), at
    except TooLargeError:
        whole = False
    request = head.method.decode(), head.path.decode()
    return Outcome(statuses(head), closes(head) or not whole, request, bodiless, whole), end


def request_start(stream: bytes, at: int) -> int:
    """RFC 9112, 2.2: tell where the next request begins, or -1 behind too many empty lines."""
    for _ in range(MAX_EMPTY_LINES + 1):
        if stream[at : at + 2] != CRLF:
            return at
        at += 2
    return -1


def next_outcome(stream: bytes, at: int) -> tuple[Outcome | None, int]:
    """Tell what becomes of the request at a place in the stream, and where it ends.

    None where the stream ends before the request does.
    """
    start = request_start(stream, at)
    if start < 0:
        return Outcome(frozenset({400})), at
    end = stream.find(CRLF + CRLF, start)
    stop = end + 4 if end >= 0 else len(stream)
    head = read_head(stream[start:stop], end >= 0)
    return outcome(head, stream, stop) if head else (None, stop)


def outcomes(stream: bytes) -> list[Outcome]:
    """Tell what becomes of each request of a whole stream, in order."""
    found: list[Outcome] = []
    at = 0
    while not (found and found[-1].closes):
        coming, at = next_outcome(stream, at)
        if coming is None:
            break
        found.append(coming)
    return found
