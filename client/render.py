"""Rendering: from the endpoints' results to the snapshot that the servers answer with."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from client.items import ITEM_SIZE, SLICE
from shared.snapshot import Snapshot

# zlib's own default. On random hexadecimal strings, the worst case at hand, level 9 takes 3 times
# as long for nothing, and level 1 half as long for 5 % more.
GZIP_LEVEL = 6


def merge(results: Iterable[bytes]) -> list[bytes]:
    """Merge packed items: each item once, at its first occurrence, in the order of the results."""
    return list(
        dict.fromkeys(
            packed[i : i + ITEM_SIZE]
            for packed in results
            for i in range(0, len(packed), ITEM_SIZE)
        )
    )


def render_array(items: list[bytes]) -> bytes:
    """Render items as a compact JSON array with raw UTF-8, the form in which endpoints send it.

    In slices, since `json.dumps` holds the interpreter lock for a whole call.
    """
    slices = (
        json.dumps(
            [item.decode() for item in items[i : i + SLICE]],
            ensure_ascii=False,
            separators=(",", ":"),
        )[1:-1].encode()
        for i in range(0, len(items), SLICE)
    )
    return b"[" + b",".join(slices) + b"]"


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
    items = merge(results)
    identity = render_array(items)
    # mtime=0: the same data must give the same bytes, and so the same entity tag.
    compressed = gzip.compress(identity, GZIP_LEVEL, mtime=0)
    edition = before.following(digest(identity), wall)
    return Snapshot(
        items=len(items),
        identity=identity,
        gzip=compressed,
        identity_digest=edition.digest,
        gzip_digest=digest(compressed),
        last_modified=edition.last_modified,
    )


def digest(payload: bytes) -> bytes:
    """Tell 16 bytes that no other payload has."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def stamp(previous: int, wall: float) -> int:
    """Tell the Last-Modified of data that changes now, in whole seconds since the epoch.

    It is later than the one before, even where two changes share a second or the wall clock was
    set back, for otherwise `If-Modified-Since` could take old data for the new. So it may lie in
    the future; a server compares with it as it is, and shows no date later than its own now.
    """
    return max(previous + 1, int(wall))
