"""Every way for an endpoint to fail that the poller has to survive, by name."""

import functools
import gzip
from collections.abc import Iterable
from itertools import cycle

from tests.demo.behaviours import JSON, body, head, raw, redirect, text
from tests.demo.exchange import Behaviour, Exchange

INTERVAL = 0.02  # seconds between the bytes of a drip; far below any timeout a read would have
BULK = 4096  # how many pieces of something endless are sent at once

GOOD = b'["630e1244","5f4a8990"]'
ITEM = b'"630e1244",'
OK = head(200, JSON)
STATUS_LINE = b"HTTP/1.1 200 OK"
FILLER = b"X-Filler: 630e1244\r\n"
CHUNKED = head(200, JSON | {"Transfer-Encoding": "chunked"})
CHUNK = b"%x\r\n%b\r\n" % (len(GOOD), GOOD)
LAST_CHUNK = b"0\r\n"  # its trailers, or the empty line, are to follow

# The bad item never comes first: a check of the first one alone is not enough.
BODIES = {
    "empty-body": b"",
    "not-json": b"<!DOCTYPE html><title>All is well</title>",
    "not-an-array": b'{"630e1244":"5f4a8990"}',
    "trailing-garbage": GOOD + b"]",
    "item-not-a-string": b'["630e1244",12345678]',
    "item-of-7-bytes": b'["630e1244","5f4a899"]',
    "item-of-9-bytes": b'["630e1244","5f4a89900"]',
    "item-of-8-characters": '["630e1244","żółw5678"]'.encode(),  # 11 bytes
    "lone-surrogate": rb'["630e1244","\ud800abcde"]',  # 8 bytes, were it allowed in UTF-8
    "invalid-utf-8": b'["630e1244","5f4a89\xff\xfe"]',
    "overlong-utf-8": b'["630e1244","5f4a89\xc0\xaf"]',
    "surrogate-bytes": b'["630e1244","ab\xed\xa0\xbd\xed\xb8\x80"]',
    "utf-16": GOOD.decode().encode("utf-16"),
    "utf-16-unmarked": GOOD.decode().encode("utf-16-le"),
    "utf-32": GOOD.decode().encode("utf-32"),
    "utf-32-unmarked": GOOD.decode().encode("utf-32-be"),
    "byte-order-mark": b"\xef\xbb\xbf" + GOOD,
    "nul-in-item": b'["630e1244","5f4a899\0"]',
    "nul-bytes": bytes(1000),
    "only-space": b" \t\r\n" * 1000,
    "trailing-comma": b'["630e1244","5f4a8990",]',
    "leading-comma": b'[,"630e1244","5f4a8990"]',
    "single-quotes": b"['630e1244','5f4a8990']",
    "comment": b'["630e1244",/* and */"5f4a8990"]',
    "not-a-number": b'["630e1244",NaN]',
    "two-arrays": GOOD + GOOD,
    "array-cut": GOOD[:-1],
    "item-cut": GOOD[:-3],
    "deeply-nested": b"[" * 100_000 + b"]" * 100_000,
    "deeply-nested-objects": b"[" + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]",
    "deeply-nested-item": b'["630e1244",' + b"[" * 100_000 + b"]" * 100_000 + b"]",
    "million-digits": b"[" + b"9" * 1_000_000 + b"]",
    "million-objects": b"[" + b"{}," * 999_999 + b"{}]",
    "million-empty-strings": b'["630e1244",' + b'"",' * 999_999 + b'""]',
    "million-characters": b'["630e1244","' + b"x" * 1_000_000 + b'"]',
    "million-escapes": b'["630e1244","' + rb"\u0061" * 1_000_000 + b'"]',
}


def endless(start: bytes, piece: bytes) -> Behaviour:
    """Send the start, then the piece over and over as fast as it is taken."""

    def behave(exchange: Exchange) -> None:
        exchange.send(start)
        bulk = piece * BULK
        while True:  # until the connection is gone and send() raises
            exchange.send(bulk)

    return behave


def drip(start: bytes, piece: bytes, interval: float = INTERVAL) -> Behaviour:
    """Send the start at once, then the piece over and over, a byte every `interval` seconds."""

    def behave(exchange: Exchange) -> None:
        exchange.send(start)
        for byte in cycle(piece):
            if exchange.wait_for_close(interval):
                return
            exchange.send(bytes([byte]))

    return behave


def _statuses(statuses: Iterable[int]) -> dict[str, Behaviour]:
    return {f"status-{status}": body(GOOD, status) for status in statuses}


def _not_modified(exchange: Exchange) -> None:
    exchange.send(head(304, {}))


def _redirect_loop(exchange: Exchange) -> None:
    redirect(exchange.request.target)(exchange)


def _redirect_cycle(exchange: Exchange) -> None:
    target = exchange.request.target
    there = target.removesuffix("&there") if target.endswith("&there") else f"{target}&there"
    redirect(there)(exchange)


def _redirect_with_endless_body(exchange: Exchange) -> None:
    endless(head(302, {"Location": exchange.request.target}), FILLER)(exchange)


def _gzip_bomb(exchange: Exchange) -> None:
    body(_bomb(), headers={"Content-Encoding": "gzip"})(exchange)


@functools.cache
def _bomb() -> bytes:
    """Compress an empty array, which takes a thousand times as much memory as this form of it."""
    return gzip.compress(b"[" + b" " * 10_000_000 + b"]")


def _hundred_thousand_headers(exchange: Exchange) -> None:
    raw(STATUS_LINE, *(b"X-%d: 630e1244" % number for number in range(100_000)))(exchange)


def _megabyte_header(exchange: Exchange) -> None:
    raw(STATUS_LINE, b"X-Filler: " + b"6" * 1_000_000, data=GOOD)(exchange)


def _reset(exchange: Exchange) -> None:
    exchange.send(OK)
    exchange.reset()


def _close(_exchange: Exchange) -> None:
    """Say nothing: the connection is closed when a behaviour returns."""


def _transfer_coding(value: bytes) -> Behaviour:
    """Answer in chunks, and call it so."""
    chunks = CHUNK + LAST_CHUNK + b"\r\n"
    return raw(STATUS_LINE, b"Transfer-Encoding: " + value, data=chunks)


STATUSES = {
    **_statuses((202, 204, 205, 206, 404, 500)),
    "status-304": _not_modified,  # to who did not ask conditionally
    "status-300": body(GOOD, 300, {"Location": "/"}),
    "status-101": raw(b"HTTP/1.1 101 Switching Protocols", b"Upgrade: h2c"),
    **{
        f"status-{status}": raw(f"HTTP/1.1 {status} OK".encode(), data=GOOD)
        for status in ("000", "99", "1000", "abc")
    },
    "http-0.9": raw(data=GOOD),
    "http-2-status-line": raw(b"HTTP/2 200 OK", data=GOOD),
    "http-2-preface": raw(b"PRI * HTTP/2.0", b"", b"SM", b""),
    "http-2-settings": lambda exchange: exchange.send(bytes(3) + b"\4" + bytes(5)),
    "garbage": lambda exchange: exchange.send(b"\x16\x03\x01\x00\xff 630e1244\r\n\r\n"),
}

REDIRECTS = {
    "redirect-loop": _redirect_loop,
    "redirect-cycle": _redirect_cycle,
    "redirect-endless-body": _redirect_with_endless_body,
    "redirect-to-ftp": redirect("ftp://localhost/630e1244"),
    "redirect-to-gopher": redirect("gopher://localhost/630e1244"),
    "redirect-to-file": redirect("file:///etc/hostname"),
    "redirect-to-unix": redirect("unix:/run/gateway/snapshot.sock"),
    "redirect-to-http-unix": redirect("http+unix://%2Frun%2Fgateway%2Fsnapshot.sock/"),
    "redirect-to-data": redirect("data:application/json,[]"),
    "redirect-to-javascript": redirect("javascript:alert(1)"),
    "redirect-to-no-host": redirect("http://:80/"),
    "redirect-to-slashes": redirect("//"),
    "redirect-to-a-scheme": redirect("http://"),
    "redirect-to-an-empty-host": redirect("http:///630e1244"),
    "redirect-to-no-authority": redirect("http:/630e1244"),
    "redirect-to-no-port": redirect("http://127.0.0.1:65536/"),
    "redirect-to-nul": redirect("/630e\x001244"),
    "redirect-to-two-places": raw(b"HTTP/1.1 302 Found", b"Location: /a", b"Location: /b"),
    "redirect-to-nowhere": text("see", 302),
    # As long as a line may be: to look for a password in it must not take long.
    "redirect-far": redirect("ftp://localhost/?" + "a" * 60_000 + "="),
}

LENGTHS = {
    "truncated-body": body(GOOD, headers={"Content-Length": "1000"}),
    "length-too-short": body(GOOD, headers={"Content-Length": "12"}),
    "length-huge": body(GOOD, headers={"Content-Length": str(10**30)}),
    "length-of-4000-digits": body(GOOD, headers={"Content-Length": "9" * 4000}),
    "length-of-5000-digits": body(GOOD, headers={"Content-Length": "9" * 5000}),
    "length-negative": body(GOOD, headers={"Content-Length": "-1"}),
    "length-not-a-number": body(GOOD, headers={"Content-Length": f"{len(GOOD)}x"}),
    "two-lengths": raw(STATUS_LINE, b"Content-Length: 23", b"Content-Length: 24", data=GOOD),
    "chunk-cut": lambda exchange: exchange.send(CHUNKED + CHUNK[:-10]),
    "chunk-without-size": lambda exchange: exchange.send(CHUNKED + b"size\r\n" + GOOD),
    "chunk-too-long": lambda exchange: exchange.send(CHUNKED + b"12\r\n" + GOOD + b"\r\n0\r\n\r\n"),
    "chunk-after-chunk-cut": lambda exchange: exchange.send(CHUNKED + CHUNK),
}

FIELDS = {
    "no-colon": raw(STATUS_LINE, b"X-Filler 630e1244", b"Content-Length: 23", data=GOOD),
    "bare-carriage-return": raw(STATUS_LINE, b"X-Filler: 630e\r1244", data=GOOD),
    "nul-in-name": raw(STATUS_LINE, b"X\0Filler: 630e1244", data=GOOD),
    "blank-before-colon": raw(STATUS_LINE, b"Content-Length : 23", data=GOOD),
    "blank-before-fields": raw(STATUS_LINE, b" Content-Length: 23", data=GOOD),
    "head-cut": lambda exchange: exchange.send(OK[:-10]),
    "gzip-transfer-coding": _transfer_coding(b"gzip, chunked"),
    "chunked-twice": _transfer_coding(b"chunked, chunked"),
    "chunked-with-a-parameter": _transfer_coding(b"chunked;a=b"),
    "more-headers-than-5000": raw(STATUS_LINE, *[b"X-Filler: 630e1244"] * 5001, data=GOOD),
    "hundred-thousand-headers": _hundred_thousand_headers,
    "megabyte-header": _megabyte_header,
    "gzip-bomb": _gzip_bomb,
    "deflate": body(GOOD, headers={"Content-Encoding": "deflate"}),
}

ENDLESS = {
    "huge-body": endless(head(200, JSON | {"Content-Length": str(10**10)}) + b"[", ITEM),
    "endless-status-line": endless(STATUS_LINE, b" OK"),
    "endless-interim": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless-hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </630e1244>\r\n\r\n"),
    "endless-headers": endless(STATUS_LINE + b"\r\n", FILLER),
    "endless-header": endless(STATUS_LINE + b"\r\nX-Filler: ", b"630e1244"),
    "endless-body": endless(OK + b"[", ITEM),
    "endless-chunks": endless(CHUNKED + b"1\r\n[\r\n", b"%x\r\n%b\r\n" % (len(ITEM), ITEM)),
    "endless-chunk-size": endless(CHUNKED, b"0"),
    "endless-chunk-extension": endless(CHUNKED + b"1", b";a=b"),
    "endless-chunk-extensions": endless(
        CHUNKED + b"1\r\n[\r\n", b"64;a=%b\r\n%b\r\n" % (b"b" * 50, b" " * 100)
    ),
    # A size that is no size: read() of http.client would take it for "all there is".
    "negative-chunk": endless(CHUNKED + b"-1\r\n[", ITEM),
    "endless-trailers": endless(CHUNKED + CHUNK + LAST_CHUNK, FILLER),
    "endless-trailer": endless(CHUNKED + CHUNK + LAST_CHUNK + b"X-Filler: ", b"630e1244"),
}

DRIPS = {
    "drip-status-line": drip(b"", STATUS_LINE + b" OK OK "),
    "drip-interim": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "drip-headers": drip(STATUS_LINE + b"\r\nX-Filler: ", b"630e1244"),
    "drip-redirect": drip(b"HTTP/1.1 302 Found\r\nLocation: /", b"630e1244"),
    "drip-body": drip(OK + b"[", ITEM),
    "drip-sized-body": drip(head(200, JSON | {"Content-Length": "1000"}) + b"[", ITEM),
    "drip-chunk-size": drip(CHUNKED, b"0"),
    "drip-chunk-extension": drip(CHUNKED + b"1", b";a=b"),
    "drip-chunk": drip(CHUNKED + b"fff\r\n[", ITEM),
    "drip-trailers": drip(CHUNKED + CHUNK + LAST_CHUNK, FILLER),
}

FAULTS: dict[str, Behaviour] = {
    **STATUSES,
    **{name: body(data) for name, data in BODIES.items()},
    **REDIRECTS,
    **LENGTHS,
    **FIELDS,
    **ENDLESS,
    **DRIPS,
    "hang": Exchange.hang,
    "reset": _reset,
    "reset-at-once": Exchange.reset,
    "close": _close,
}

ODDITIES: dict[str, Behaviour] = {
    "continue": raw(b"HTTP/1.1 100 Continue", b"", STATUS_LINE, data=GOOD),
    "early-hints": raw(b"HTTP/1.1 103 Early Hints", b"Link: </x>", b"", STATUS_LINE, data=GOOD),
    "http-1.0": raw(b"HTTP/1.0 200 OK", data=GOOD),
    "no-reason": raw(b"HTTP/1.1 200 ", data=GOOD),
    "no-blank-for-a-reason": raw(b"HTTP/1.1 200", data=GOOD),
    # RFC 9112, 2.2: a recipient may take a bare line feed for a line's end.
    "bare-line-feeds": lambda exchange: exchange.send(
        b"HTTP/1.1 200 OK\nContent-Length: 23\n\n" + GOOD
    ),
    "blanks-around-values": raw(
        STATUS_LINE, b"Content-Length:\t 23 \t", b"Content-Encoding: identity\t", data=GOOD
    ),
    "chunked-and-blanks": _transfer_coding(b" \tChunked\t "),
    "chunked-in-a-list": _transfer_coding(b", chunked ,"),
    "identity-transfer-coding": raw(
        STATUS_LINE, b"Transfer-Encoding: identity", b"Content-Length: 23", data=GOOD
    ),
    # RFC 9112, 5.2: a user agent must take it for blanks.
    "folded-field": raw(STATUS_LINE, b"X-Filler: 630e", b"\t 1244", data=GOOD),
    "padded-chunk-size": lambda exchange: exchange.send(
        CHUNKED + CHUNK.replace(b"\r\n", b"  \r\n", 1) + LAST_CHUNK + b"\r\n"
    ),
    "length-twice-the-same": raw(STATUS_LINE, *[b"Content-Length: 23"] * 2, data=GOOD),
    # What lies behind the length is not part of the answer: RFC 9112, 6.3.
    "more-than-its-length": endless(head(200, JSON | {"Content-Length": "23"}) + GOOD, ITEM),
    # The chunks count, RFC 9112, 6.3.
    "length-and-chunks": raw(
        STATUS_LINE,
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        data=CHUNK + LAST_CHUNK + b"\r\n",
    ),
    "chunk-extension-and-trailer": lambda exchange: exchange.send(
        CHUNKED + CHUNK.replace(b"\r\n", b";a=b\r\n", 1) + LAST_CHUNK + FILLER + b"\r\n"
    ),
    "1000-headers": raw(STATUS_LINE, *[b"X-Filler: 630e1244"] * 1000, data=GOOD),
    "odd-names": raw(STATUS_LINE, b"X-A[1]: x", b": y", data=GOOD),
    "nul-in-value": raw(STATUS_LINE, b"X-Filler: 630e\x001244", data=GOOD),
    "identity": body(GOOD, headers={"Content-Encoding": "Identity"}),
    "no-coding": body(GOOD, headers={"Content-Encoding": ""}),  # an empty list: RFC 9110, 5.6.1
    "duplicates": body(b'["630e1244","5f4a8990","630e1244"]'),
    "escapes": body(rb'["\u0036\u00330e1244","5f\u0034a8990","\ud83d\ude00\/\n\u0000\""]'),
    "white-space": body(b" \t\r\n[ \t\r\n" + GOOD[1:-1] + b" \t\r\n] \t\r\n"),
    "empty-array": body(b"[]"),
    "empty-array-of-space": body(b"[" + b" " * 90_000 + b"]"),
}
"""Answers that look like faults and are good: each is a success."""
