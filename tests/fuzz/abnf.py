"""The grammar that clients must keep to, rule by rule from RFC 9110, RFC 9112 and RFC 3986.

It shares neither code nor technique with the server's: byte sets and plain loops, no patterns.
Functions are named after the rules of the ABNF.
"""

MAX_SIZE_DIGITS = 8  # of a chunk's size, leading zeros aside: what the RFCs leave to the server

DIGIT = b"0123456789"
HEXDIG = DIGIT + b"abcdefABCDEF"
ALPHA = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
VCHAR = bytes(range(0x21, 0x7F))
OBS_TEXT = bytes(range(0x80, 0x100))
WSP = b" \t"
TEXT = WSP + VCHAR + OBS_TEXT
TCHAR = DIGIT + ALPHA + b"!#$%&'*+-.^_`|~"
QDTEXT = TEXT.replace(b'"', b"").replace(b"\\", b"")
UNRESERVED = DIGIT + ALPHA + b"-._~"
SUB_DELIMS = b"!$&'()*+,;="
PCHAR = UNRESERVED + SUB_DELIMS + b":@"
DEC_OCTETS = {b"%d" % number for number in range(256)}
HOST_CHAR = (UNRESERVED + SUB_DELIMS).replace(b",", b"")


class MalformedError(Exception):
    """The body breaks the grammar."""


def made_of(allowed: bytes, text: bytes) -> bool:
    """Tell whether each byte of a text is allowed."""
    return not text.translate(None, allowed)


def token(text: bytes) -> bool:
    """RFC 9110, 5.6.2."""
    return text != b"" and made_of(TCHAR, text)


def encoded(allowed: bytes, text: bytes) -> bool:
    """Tell whether a text has only allowed bytes and pct-encoded, RFC 3986, 2.1."""
    first, *others = text.split(b"%")
    return made_of(allowed, first) and all(
        len(part) >= 2 and made_of(HEXDIG, part[:2]) and made_of(allowed, part[2:])
        for part in others
    )


def path_abempty(text: bytes) -> bool:
    """RFC 3986, 3.3: each segment has a slash before it."""
    first, *segments = text.split(b"/")
    return first == b"" and all(encoded(PCHAR, segment) for segment in segments)


def query(text: bytes) -> bool:
    """RFC 3986, 3.4."""
    return encoded(PCHAR + b"/?", text)


def ipv4_address(text: bytes) -> bool:
    """RFC 3986, 3.2.2."""
    octets = text.split(b".")
    return len(octets) == 4 and all(octet in DEC_OCTETS for octet in octets)


def h16(text: bytes) -> bool:
    """RFC 3986, 3.2.2."""
    return 1 <= len(text) <= 4 and made_of(HEXDIG, text)


def ipv6_address(text: bytes) -> bool:
    """RFC 3986, 3.2.2: eight times h16, the last two perhaps as IPv4, or fewer and a gap."""
    before, colon, last = text.rpartition(b":")
    if ipv4_address(last):
        text = before + colon + b"0:0"
    left, gap, right = text.partition(b"::")
    pieces = [piece for part in (left, right) if part for piece in part.split(b":")]
    return all(map(h16, pieces)) and (len(pieces) <= 7 if gap else len(pieces) == 8)


def uri_host(text: bytes) -> bool:
    """RFC 3986, 3.2.2, less IPvFuture and the comma."""
    if text.startswith(b"["):
        return text.endswith(b"]") and ipv6_address(text[1:-1])
    return encoded(HOST_CHAR, text)


def port(text: bytes) -> bool:
    """RFC 3986, 3.2.3, as far as TCP has ports."""
    return made_of(DIGIT, text) and len(text) <= 5 and int(text or b"0") <= 65535


def split_authority(text: bytes) -> tuple[bytes, bytes, bytes]:
    """Cut an authority into host, what should be a colon or nothing, and port."""
    edge = text.find(b"]") + 1 if text.startswith(b"[") else text.find(b":")
    if edge < 0:
        return text, b"", b""
    return text[:edge], text[edge : edge + 1], text[edge + 1 :]


def host(text: bytes) -> bool:
    """RFC 9110, 7.2."""
    name, colon, number = split_authority(text)
    return name != b"" and uri_host(name) and colon in (b"", b":") and port(number)


def authority_form(text: bytes) -> bool:
    """RFC 9112, 3.2.3; the port must be there by RFC 9110, 9.3.6."""
    _, _, number = split_authority(text)
    return number != b"" and host(text)


def absolute_form(text: bytes) -> bytes | None:
    """RFC 9112, 3.2.2, of a URI by RFC 9110, 4.2.1; tell the path, or None if malformed."""
    if text[:7].lower() != b"http://":
        return None
    before, _, asked = text[7:].partition(b"?")
    authority, slash, rest = before.partition(b"/")
    right = host(authority) and path_abempty(slash + rest) and query(asked)
    return (slash + rest or b"/") if right else None


def origin_form(text: bytes) -> bytes | None:
    """RFC 9112, 3.2.1; tell the path, or None if malformed."""
    path, _, asked = text.partition(b"?")
    return path if path != b"" and path_abempty(path) and query(asked) else None


def after(prefix: bytes, text: bytes) -> bytes:
    """Tell what follows a prefix. Raises MalformedError."""
    if not text.startswith(prefix):
        raise MalformedError
    return text[len(prefix) :]


def after_token(text: bytes) -> bytes:
    """Tell what follows a token. Raises MalformedError."""
    rest = text.lstrip(TCHAR)
    if rest == text:
        raise MalformedError
    return rest


def after_quoted_string(text: bytes) -> bytes:
    """Tell what follows a quoted-string, RFC 9110, 5.6.4. Raises MalformedError."""
    text = after(b'"', text)
    while not text.startswith(b'"'):
        quoted_pair = text.startswith(b"\\")
        taken = text[1:2] if quoted_pair else text[:1]
        if taken == b"" or taken not in (TEXT if quoted_pair else QDTEXT):
            raise MalformedError
        text = text[2:] if quoted_pair else text[1:]
    return text[1:]


def after_value(text: bytes) -> bytes:
    """Tell what follows a token or quoted-string. Raises MalformedError."""
    return after_quoted_string(text) if text.startswith(b'"') else after_token(text)


def chunk_ext(text: bytes) -> None:
    """Read RFC 9112, 7.1.1. Raises MalformedError."""
    while text != b"":
        text = after_token(after(b";", text.lstrip(WSP)).lstrip(WSP))
        if text.lstrip(WSP).startswith(b"="):
            text = after_value(after(b"=", text.lstrip(WSP)).lstrip(WSP))


def chunk_size(line: bytes) -> int:
    """Read the line before a chunk, RFC 9112, 7.1. Raises MalformedError."""
    extensions = line.lstrip(HEXDIG)
    digits = line[: len(line) - len(extensions)]
    chunk_ext(extensions)
    if digits == b"" or len(digits.lstrip(b"0")) > MAX_SIZE_DIGITS:
        raise MalformedError
    return int(digits, 16)


def http_version(text: bytes) -> bool:
    """RFC 9112, 2.3."""
    name, major, dot, minor = text[:5], text[5:6], text[6:7], text[7:]
    digits = all(digit in DIGIT and len(digit) == 1 for digit in (major, minor))
    return name == b"HTTP/" and dot == b"." and digits


def request_target(method: bytes, text: bytes) -> bytes | None:
    """RFC 9112, 3.2; tell the path, which is / also without one, or None if malformed."""
    if method == b"CONNECT":
        return b"/" if authority_form(text) else None
    if method == b"OPTIONS" and text == b"*":
        return b"/"
    return origin_form(text) if text.startswith(b"/") else absolute_form(text)


def field_line(line: bytes) -> tuple[bytes, bytes] | None:
    """Read RFC 9112, 5: tell name and value, or None if malformed."""
    name, colon, value = line.partition(b":")
    if not (token(name) and colon and made_of(TEXT, value)):
        return None
    return name.lower(), value.strip(WSP)
