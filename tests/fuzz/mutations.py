"""Streams of requests, valid and spoilt: what the fuzz test sends."""

import itertools
import random
from collections.abc import Callable

CRLF = b"\r\n"


def request(line: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    """Make a request of its lines."""
    return CRLF.join([line, *fields, b"", body])


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Put a body into chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


HOST = b"Host: x"
GET = request(b"GET / HTTP/1.1", HOST)
INNER = request(b"GET /smuggled HTTP/1.1", HOST)
"""What a body holds that would like to be a request."""
SIZED = b"Content-Length: %d" % len(INNER)
CODED = b"Transfer-Encoding: chunked"
CLOSE = b"Connection: close"
KEEP = b"Connection: keep-alive"
EXPECT = b"Expect: 100-continue"
EXTENDED = b'7;a;b=c \t; d = "\\"\\\\\t;\xff" ;e\r\nGET / H\r\n0A ;x=""\r\n/smuggled \r\n'
TRAILERS = b'00;last="1"\r\nA: b\r\nHost:\t\xe9 \r\nContent-Length: 5\r\n\r\n'

# Each with a valid request behind it, whose answer tells whether the server is still in step.
SEEDS = tuple(
    seed + GET
    for seed in (
        b"",
        GET * 2,
        GET * 12,
        CRLF * 4 + GET + CRLF * 4,
        request(b"GET /?a=b&c=%20/? HTTP/1.1", b"Host: x:8080"),
        request(b"GET /a/b;c=d/%41:@/..//?x HTTP/1.1", b"Host: a.example"),
        request(b"GET //x/ HTTP/1.1", b"Host: [2001:db8::192.0.2.1]:65535"),
        request(b"GET http://a.example HTTP/1.1", b"Host: a.example"),
        request(b"GET HTTP://[::1]:80/?q HTTP/1.1", b"Host: [::1]"),
        request(b"GET http://192.0.2.7:8080/x?y HTTP/1.1", b"Host: 192.0.2.7:8080"),
        request(b"GET http://a%2db.example: HTTP/1.0", b"Host: a%2Db.example:", KEEP),
        request(b"CONNECT a.example:443 HTTP/1.1", b"Host: a.example:443"),
        request(b"CONNECT [::ffff:1.2.3.4]:8 HTTP/1.1", HOST),
        request(b"OPTIONS * HTTP/1.1", HOST),
        request(b"OPTIONS /x HTTP/1.1", HOST),
        request(b"HEAD / HTTP/1.1", HOST) * 2,
        request(b"HEAD /x HTTP/1.1", HOST, SIZED, body=INNER),
        request(b"!#$%&'*+-.^_`|~ / HTTP/1.1", HOST),
        request(b"GET / HTTP/1.0"),
        request(b"GET / HTTP/1.0", KEEP) + request(b"GET / HTTP/1.0", HOST, KEEP),
        request(b"POST / HTTP/1.0", KEEP, SIZED, EXPECT, body=INNER),
        request(b"GET / HTTP/1.9", HOST, b"Connection: te, Close ,x"),
        request(b"GET / HTTP/1.1", HOST, CLOSE),
        request(b"POST / HTTP/1.1", HOST, SIZED, body=INNER),
        request(b"POST / HTTP/1.1", HOST, SIZED, CLOSE, body=INNER),
        request(b"GET / HTTP/1.1", HOST, b"Content-Length: 000007", body=b"0\r\n\r\nGE"),
        request(b"PUT /x HTTP/1.1", HOST, b"content-length:0"),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=chunked(INNER)),
        request(b"GET / HTTP/1.1", CODED.upper(), HOST, body=chunked(INNER[:9], INNER[9:])),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=chunked(INNER, end=b"000\r\n\r\n")),
        request(b"HEAD / HTTP/1.1", HOST, CODED, body=chunked(b"0\r\n\r\n")),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=EXTENDED + TRAILERS),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=chunked(INNER, end=TRAILERS)),
        request(b"POST / HTTP/1.1", HOST, EXPECT, SIZED, body=INNER),
        request(b"POST / HTTP/1.1", HOST, EXPECT, b"Content-Length: 0"),
        request(b"GET / HTTP/1.1", HOST, EXPECT.upper()),
        request(b"POST / HTTP/1.1", HOST, CODED, EXPECT, body=chunked(INNER)),
        request(b"GET / HTTP/1.1", HOST, b"Accept-Encoding: gzip;q=0.5, *;q=0, br"),
        request(b"GET / HTTP/1.1", HOST, b'If-None-Match: "a", W/"b"', b"If-Match: *"),
        request(b"GET / HTTP/1.1", HOST, b"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
        request(b"GET / HTTP/1.1", HOST, b"If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT"),
        request(b"GET / HTTP/1.1", HOST, b"A:", b"B:\t \t", b"C:  d e  ", b"A:\xff\x80~!"),
    )
)

# Where a bound is just kept. They cost much, and few bytes of them matter.
LARGE_SEEDS = tuple(
    seed + GET
    for seed in (
        request(b"GET /%b HTTP/1.1" % (b"x" * (8192 - 14)), HOST),
        request(b"GET / HTTP/1.1", HOST, b"X: " + b"x" * (16384 - 32)),
        request(b"GET / HTTP/1.1", *[b"A: b"] * 99, HOST),
        request(b"PUT / HTTP/1.1", HOST, b"Content-Length: 65536", body=b"x" * 65536),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=chunked(b"x" * 65523)),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=chunked(*[b"x"] * 999)),
        request(b"PUT / HTTP/1.1", HOST, CODED, body=b"1;%b\r\na\r\n" % (b"x" * 1022) + chunked()),
    )
)
LARGE_SHARE = 0.02  # of all streams

BYTES = b'\r\n\0 \t:,;="\\/?%#@[]*_+-.0159afGx\x01\x0b\x1f\x7f\x80\x85\xa0\xff'

# Lines that have fooled one server or another.
LINES = (
    *(b"", b" ", b" folded", b": x", b"X", b"0", b"GET /smuggled HTTP/1.1", b"X: y\nA: b"),
    *(b"Host: x", b"Host: y", b"Host:", b"Host : x", b"host: a b", b"X: Host: y", b"X: y\rA: b"),
    *(b"\tTransfer-Encoding: chunked", b"\nTransfer-Encoding: chunked"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:"),
    *(b"Transfer-Encoding:\tchunked\t", b"Transfer-Encoding:\x0bchunked"),
    *(b"Transfer-Encoding: xchunked", b"Transfer-Encoding: x, chunked"),
    *(b"Transfer-Encoding: chunked, x", b"Transfer-Encoding: chunked;q=1"),
    *(b"Transfer-Encoding: ,chunked", b'Transfer-Encoding: "chunked"'),
    *(b"Transfer-Encoding: identity", b"Transfer_Encoding: chunked"),
    *(b"Transfer-Encoding: \xa0chunked", b"Transfer-Encoding: chunked\x85", b"X: y\x7f"),
    *(b"Transfer-Encoding\x00: chunked", b"Content-Length : 5", b"Content-Length: 5, 5"),
    *(b"Content-Length: 5", b"Content-Length: 35", b"Content-Length: +5", b"Content-Length: -5"),
    *(b"Content-Length: 0x10", b"Content-Length: 1_0", b"Content-Length: 5 5"),
    *(b"Content-Length:", b"Content-Length: \xb2", b"Content-Length: 65537"),
    *(b"Content-Length: 999999999999999999", b"Content-Length: 0000000000000000005"),
    *(b"Connection: close", b"Connection: keep-alive, CLOSE", b"Connection: x,close"),
    *(b"Connection: closed", b"Connection:", b"Connection: Keep-Alive", b"Connection: \xa0close"),
    *(b"Expect: 100-continue", b"Expect: 200-ok", b"Expect: 100-continue;q=1", b"Expect:"),
)

# What stands in a valid stream, and what to put there instead.
SUBSTITUTES = {
    CRLF: (b"\n", b"\r", b"\r\n ", b"\r\n\t", b"\r\r\n", b"\n\r\n", CRLF * 2, CRLF * 5, b"\n\n"),
    b" HTTP/1.1": (
        *(b" HTTP/1.0", b" HTTP/1.2", b" HTTP/2.0", b" HTTP/0.9", b" HTTP/1.10", b" HTTP/1."),
        *(b" HTTP/1.1 ", b"  HTTP/1.1", b"\tHTTP/1.1", b" http/1.1", b" HTTP/11", b" HTTP/01.1"),
        *(b"", b" ", b" HTTP/1.\xb2", b" HTTP/2.0 ", b" HTTP/10.1", b" HTTPS/1.1", b"/ HTTP/1.1"),
    ),
    b"GET": (b"HEAD", b"POST", b"CONNECT", b"OPTIONS", b"get", b" GET", b"G(T", b"", b"G\xe9T"),
    b" / ": (
        *(b" // ", b" /? ", b" /?%zz ", b" /% ", b" /%4 ", b" /%4g ", b" /# ", b" /x#y ", b" ? "),
        *(b" /?# ", b" /?x|y ", b" /?\xe9 ", b" /?[] ", b" /?%4 ", b" /?'() ", b" /?? "),
        *(b" x ", b" * ", b" http: ", b" http:// ", b" http:/// ", b" http://:80/ ", b" http:x "),
        *(b" http://u@x/ ", b" http://x:y/ ", b" http://x:65536/ ", b" http://x:000080/ "),
        *(b" https://x/ ", b" ftp://x/ ", b" http://x?y ", b" http://x#y ", b" http://x,y/ "),
        *(b" http://[::1/ ", b" http://[::1]x/ ", b" http://[v1.x]/ ", b" http://[]/ "),
        *(
            b" x:80 ",
            b" x:000080 ",
            b" x: ",
            b" :80 ",
            b" x:0 ",
            b" u@x:80 ",
            b" [::1]:80 ",
            b" /\xc3\xa9 ",
        ),
        *(b" /| ", b' /" ', b" /^ ", b" /\\ ", b" /{} ", b" /` ", b" /[ ", b" /a@b:c ", b" /~!$ "),
        *(b" /. ", b" /%2f ", b" /x?/../ ", b" http://x/. ", b" http://%41/ ", b" http://%4/ "),
    ),
    HOST: (
        *(b"Host: ", b"Host: :", b"Host: :80", b"Host: x:", b"Host: x:65536", b"Host: x:00080"),
        *(b"Host: x:000080", b"Host: x:65535"),
        *(b"Host: x:+80", b"Host: x:80:80", b"Host: x y", b"Host: x,y", b"Host: x, x", b"Host: _"),
        *(b"Host: u@x", b"Host: x/", b"Host: http://x", b"Host: %41", b"Host: %4", b"Host: \xe9"),
        *(b"Host: [::]", b"Host: [1:2:3:4:5:6:7:8]", b"Host: [1:2:3:4:5:6:7]", b"Host: [::1%1]"),
        *(b"Host: [1:2:3:4:5:6:7::]", b"Host: [::2:3:4:5:6:7:8]", b"Host: [1::3:4:5:6:7:8:9]"),
        *(b"Host: [1:2:3:4:5:6:7:8::]", b"Host: [1::2::3]", b"Host: [:::]", b"Host: [1:2:3:4:5:]"),
        *(b"Host: [1:2:3:4:5:6:1.2.3.4]", b"Host: [::1.2.3.4]", b"Host: [1.2.3.4::]", b"Host: []"),
        *(b"Host: [1:2:3:4:5::1.2.3.4]", b"Host: [::1.2.3.256]", b"Host: [::1.2.3.04]"),
        *(b"Host: [::12345]", b"Host: [::g]", b"Host: ::1", b"Host: [::1]80", b"Host: [::1]:"),
        *(b"Host: [v1.a:b]", b"Host: [x]", b"Host: x]", b"Host: [::1", b"Host: 1.2.3.999"),
        *(b"Host: [1:2:3:4:5:6::1.2.3.4]", b"Host: [::1.2.3]", b"Host: [1.2.3.4]", b"Host: [::]]"),
        *(b"", b"Host x", b"X: y", b"HOST:x", b"Host:\tx\t", b"Host: x\r\nHost: x", b"Host : x"),
    ),
    b"chunked": (b"Chunked", b"chunked ", b"chunked,", b"chunke", b"gzip, chunked", b"chunked\0"),
    b"Content-Length": (b"Content-Length ", b"Content_Length", b"Content-Length:", b"X"),
    b"0\r\n": (
        *(b"0 \r\n", b"0\t\r\n", b"00000000000\r\n", b"0;\r\n", b"0;a\r\n", b"0x0\r\n", b"-0\r\n"),
        *(b"000000001\r\n", b"FFFFFFFF\r\n", b"100000000\r\n", b"+0\r\n", b"\r\n", b"0\r\nA\r\n"),
    ),
    b";": (b" ; ", b";;", b"\t;\t", b"; \x00", b",", b";\n", b"; ;"),
    b"=": (b" = ", b"==", b"=\t", b"", b"=,"),
    b'"': (b'""', b'\\"', b"'", b'"\\', b'"\x00', b'"\n', b'"\x7f', b'"\\\0', b'"\\\n', b'"\\\x7f'),
    b"A: b": (
        *(b"A: \x7f", b"A: \v", b"A : b", b" A: b", b"A: b\0", b"\xe9: b", b"A: b\n"),
        *(b":b", b"A:", b"A"),
    ),
}

Mutation = Callable[[random.Random, bytes], bytes]


def place(chance: random.Random, stream: bytes) -> int:
    """Choose a place in a stream, its end included."""
    return chance.randrange(len(stream) + 1)


def byte_inserted(chance: random.Random, stream: bytes) -> bytes:
    """Insert a byte that matters, somewhere."""
    at = place(chance, stream)
    return stream[:at] + bytes([chance.choice(BYTES)]) + stream[at:]


def byte_replaced(chance: random.Random, stream: bytes) -> bytes:
    """Put a byte that matters in place of another."""
    at = place(chance, stream)
    return stream[:at] + bytes([chance.choice(BYTES)]) + stream[at + 1 :]


def byte_deleted(chance: random.Random, stream: bytes) -> bytes:
    """Take a byte out."""
    at = place(chance, stream)
    return stream[:at] + stream[at + 1 :]


def bit_flipped(chance: random.Random, stream: bytes) -> bytes:
    """Flip a bit."""
    at = place(chance, stream)
    flipped = bytes(byte ^ (1 << chance.randrange(8)) for byte in stream[at : at + 1])
    return stream[:at] + flipped + stream[at + 1 :]


def digit_changed(chance: random.Random, stream: bytes) -> bytes:
    """Make a number, if a digit is near, another one."""
    at = place(chance, stream)
    while at < len(stream) and stream[at] not in b"0123456789":
        at += 1
    return stream[:at] + b"%d" % chance.randrange(12) + stream[at + 1 :]


def case_changed(chance: random.Random, stream: bytes) -> bytes:
    """Swap the case of a part."""
    start, end = sorted((place(chance, stream), place(chance, stream)))
    return stream[:start] + stream[start:end].swapcase() + stream[end:]


def slice_repeated(chance: random.Random, stream: bytes) -> bytes:
    """Repeat a part."""
    start = place(chance, stream)
    end = start + chance.randrange(40)
    return stream[:end] + stream[start:]


def truncated(chance: random.Random, stream: bytes) -> bytes:
    """End it early."""
    return stream[: place(chance, stream)]


def spliced(chance: random.Random, stream: bytes) -> bytes:
    """Go on, from somewhere, with the rest of another."""
    other = chance.choice(SEEDS)
    return stream[: place(chance, stream)] + other[place(chance, other) :]


def line_inserted(chance: random.Random, stream: bytes) -> bytes:
    """Insert a line that has fooled some server."""
    lines = stream.split(CRLF)
    lines.insert(chance.randrange(len(lines)), chance.choice(LINES))
    return CRLF.join(lines)


def line_deleted(chance: random.Random, stream: bytes) -> bytes:
    """Take a line out."""
    lines = stream.split(CRLF)
    del lines[chance.randrange(len(lines))]
    return CRLF.join(lines)


def line_repeated(chance: random.Random, stream: bytes) -> bytes:
    """Have a line twice."""
    lines = stream.split(CRLF)
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return CRLF.join(lines)


def lines_swapped(chance: random.Random, stream: bytes) -> bytes:
    """Have two lines change places."""
    lines = stream.split(CRLF)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return CRLF.join(lines)


def substituted(chance: random.Random, stream: bytes) -> bytes:
    """Put something like it in place of a part that a valid stream has."""
    part = chance.choice([part for part in SUBSTITUTES if part in stream] or [b""])
    at = stream.find(part, place(chance, stream))
    at = stream.find(part) if at < 0 else at
    instead = chance.choice(SUBSTITUTES.get(part, (b"",)))
    return stream[:at] + instead + stream[at + len(part) :]


MUTATIONS: tuple[Mutation, ...] = (
    *(byte_inserted, byte_replaced, byte_deleted, bit_flipped, digit_changed, case_changed),
    *(slice_repeated, truncated, spliced),
    *(line_inserted, line_deleted, line_repeated, lines_swapped),
    *(substituted, substituted, substituted, substituted, line_inserted),
)
HOW_OFTEN = (0, 1, 1, 1, 1, 2, 2, 3, 4)  # times that a stream is mutated


def stream(chance: random.Random) -> bytes:
    """Make a stream: one or two seeds, mutated."""
    seeds = LARGE_SEEDS if chance.random() < LARGE_SHARE else SEEDS
    made = chance.choice(seeds)
    if chance.random() < 0.25:
        made = chance.choice(SEEDS) + made
    for _ in range(chance.choice(HOW_OFTEN)):
        made = chance.choice(MUTATIONS)(chance, made)
    return made


def cut(chance: random.Random, data: bytes) -> list[bytes]:
    """Cut a stream into a few pieces."""
    cuts = sorted(place(chance, data) for _ in range(chance.choice((0, 0, 1, 2, 5))))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges) if start < end]
