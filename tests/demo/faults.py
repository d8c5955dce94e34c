"""Every way for an endpoint to fail that the poller has to survive, by name."""

from collections.abc import Iterable
from itertools import cycle

from tests.demo.behaviours import JSON, body, head, redirect, text
from tests.demo.exchange import Behaviour, Exchange

INTERVAL = 0.02  # seconds between the bytes of a drip; far below any timeout a read would have
BULK = 4096  # how many pieces of something endless are sent at once

GOOD = b'["630e1244","5f4a8990"]'
ITEM = b'"630e1244",'
OK = head(200, JSON)

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
    "utf-16": GOOD.decode().encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf" + GOOD,
    "deeply-nested": b"[" * 100_000 + b"]" * 100_000,
    "million-digits": b"[" + b"9" * 1_000_000 + b"]",
    "million-objects": b"[" + b"{}," * 999_999 + b"{}]",
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


def _reset(exchange: Exchange) -> None:
    exchange.send(OK)
    exchange.reset()


def _close(_exchange: Exchange) -> None:
    """Say nothing: the connection is closed when a behaviour returns."""


FAULTS: dict[str, Behaviour] = {
    **_statuses((206, 404, 500)),
    "status-304": _not_modified,  # to who did not ask conditionally
    **{name: body(data) for name, data in BODIES.items()},
    "redirect-loop": _redirect_loop,
    "redirect-to-ftp": redirect("ftp://localhost/630e1244"),
    "redirect-to-file": redirect("file:///etc/hostname"),
    "redirect-to-nowhere": text("see", 302),
    "truncated-body": body(GOOD, headers={"Content-Length": "1000"}),
    "huge-body": endless(head(200, JSON | {"Content-Length": str(10**10)}) + b"[", ITEM),
    "endless-body": endless(OK + b"[", ITEM),
    "endless-chunks": endless(
        head(200, JSON | {"Transfer-Encoding": "chunked"}) + b"1\r\n[\r\n",
        b"%x\r\n%b\r\n" % (len(ITEM), ITEM),
    ),
    # A size that is no size: read() of http.client would take it for "all there is".
    "negative-chunk": endless(
        head(200, JSON | {"Transfer-Encoding": "chunked"}) + b"-1\r\n[", ITEM
    ),
    "endless-headers": endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: 630e1244\r\n"),
    "hang": Exchange.hang,
    "drip-status-line": drip(b"", b"HTTP/1.1 200 OK OK OK "),
    "drip-headers": drip(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"630e1244"),
    "drip-body": drip(OK + b"[", ITEM),
    "drip-sized-body": drip(head(200, JSON | {"Content-Length": "1000"}) + b"[", ITEM),
    "reset": _reset,
    "garbage": lambda exchange: exchange.send(b"\x16\x03\x01\x00\xff 630e1244\r\n\r\n"),
    "close": _close,
}
