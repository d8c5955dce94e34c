"""Snapshots and requests for tests that need some."""

import zlib

from client.render import Edition, render
from server.request import Persistence, Request
from shared.snapshot import Snapshot

ITEMS = ("630e1244", "5f4a8990")
LAST_MODIFIED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
HTTP_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def snapshot(*items: str, padding: int = 0) -> Snapshot:
    """Render a snapshot of some items, and of so many more."""
    packed = "".join(items or ITEMS).encode()
    more = b"".join(b"%08x" % zlib.crc32(b"%d" % number) for number in range(padding))
    return render([packed, more], Edition(), LAST_MODIFIED)


def get(path: str = "/", method: str = "GET", **fields: str) -> Request:
    """Make a request; underscores in field names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(method, path, named, Persistence.PERSISTENT)
