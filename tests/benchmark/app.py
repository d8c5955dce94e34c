"""The app that the peers serve: a constant body, with the header fields of our server's answers."""

import hashlib
import os
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.benchmark.contestant import LAST_MODIFIED

Field = tuple[bytes, bytes]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BODY = Path(os.environ["BENCHMARK_BODY"]).read_bytes()
TAG = f'"{hashlib.blake2b(BODY, digest_size=16).hexdigest()}"'.encode()

NOT_MODIFIED: list[Field] = [
    (b"etag", TAG),
    (b"age", b"0"),
    (b"cache-control", b"no-cache"),
    (b"vary", b"Accept-Encoding"),
]
OK: list[Field] = [
    *NOT_MODIFIED,
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(BODY)),
    (b"last-modified", formatdate(LAST_MODIFIED, usegmt=True).encode()),
]


async def app(scope: dict[str, Any], _receive: object, send: Send) -> None:
    """Answer a request."""
    if dict(scope["headers"]).get(b"if-none-match") == TAG:
        status, fields, body = 304, NOT_MODIFIED, b""
    else:
        status, fields, body = 200, OK, BODY
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
