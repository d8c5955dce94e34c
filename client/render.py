"""Rendering: from the endpoints' results to the snapshot that the servers answer with."""

import gc
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from client.items import unpack
from shared.snapshot import Payload, Snapshot

# zlib's own default; and for heavy data a level that takes a sixth of its time, for 7 % more bytes
# of random hexadecimal strings, 4 % of letters and digits, 31 % of texts that repeat themselves. At
# level 4, 0.4 × the time and 2, 1 and 14 %, compressing still is a fifth of the client's work.
GZIP_LEVEL, HEAVY_GZIP_LEVEL = 6, 1
HEAVY = 1024 * 1024  # bytes from which on the time counts: 65 ms at level 6

# Sets among which the items seen are spread, by their hashes. A single one of millions holds the
# interpreter lock for 50 ms when it grows, and for 120 ms when it goes.
SHARDS = 32

_ESCAPED = re.compile(rb'["\\\x00-\x1f]')  # RFC 8259, section 7


def merge(results: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Merge packed items: each item once, at its first occurrence, in the order of the results.

    Yields what is new in each slice, so that no list of millions is ever there.
    """
    seen = [set[bytes]() for _ in range(SHARDS)]
    for packed in results:
        for items in unpack(packed):
            fresh = []
            for item in items:
                shard = seen[hash(item) % SHARDS]
                if item not in shard:
                    shard.add(item)
                    fresh.append(item)
            yield fresh
    while seen:
        seen.pop()  # one by one: to free all of them at once would hold the lock, too


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles away: it visits all that sets hold, for 110 ms with the lock."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def render_array(slices: Iterable[Sequence[bytes]]) -> tuple[bytearray, int]:
    """Render items as a compact JSON array with raw UTF-8, the form in which endpoints send it.

    Returns the array, and how many items it holds.
    """
    array, count = bytearray(b"["), 0
    for items in slices:
        if items and count:
            array += b","
        array += _strings(items)
        count += len(items)
    array += b"]"
    return array, count


def _strings(items: Sequence[bytes]) -> bytes:
    """Render a slice of items as JSON strings with commas between them."""
    # Measured: 0.05 µs an item, with `json.dumps` 0.11.
    if items and not _ESCAPED.search(b"".join(items)):
        return b'"' + b'","'.join(items) + b'"'
    strings = [item.decode() for item in items]
    return json.dumps(strings, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()


@dataclass(frozen=True)
class Edition:
    """Which data was published last, and since when: what a snapshot is dated by."""

    digest: bytes = b""
    """Of the identity coding; empty where nothing has been published."""
    last_modified: int = 0

    def following(self, digest: bytes, wall: float) -> "Edition":
        """Tell the edition of the data with this digest: this one, where the data is the same."""
        return self if digest == self.digest else Edition(digest, stamp(self.last_modified, wall))


def render(results: Iterable[bytes], before: Edition, wall: float) -> Snapshot:
    """Merge packed items and make the snapshot of them.

    `before` is the edition published last, `wall` the time in seconds since the epoch.
    """
    with _uncollected():
        identity, items = render_array(merge(results))
    # mtime=0: the same data must give the same bytes, and so the same entity tag.
    level = GZIP_LEVEL if len(identity) < HEAVY else HEAVY_GZIP_LEVEL
    compressed = gzip.compress(identity, level, mtime=0)
    edition = before.following(digest(identity), wall)
    return Snapshot(
        items=items,
        identity=identity,
        gzip=compressed,
        identity_digest=edition.digest,
        gzip_digest=digest(compressed),
        last_modified=edition.last_modified,
    )


def digest(payload: Payload) -> bytes:
    """Tell 16 bytes that no other payload has."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def stamp(previous: int, wall: float) -> int:
    """Tell the Last-Modified of data that changes now, in whole seconds since the epoch.

    It is later than the one before, even where two changes share a second or the wall clock was
    set back, for otherwise `If-Modified-Since` could take old data for the new. So it may lie in
    the future; a server compares with it as it is, and shows no date later than its own now.
    """
    return max(previous + 1, int(wall))
