"""Frames: how a snapshot travels over the snapshot socket, from the client to a server.

The client sends, the server only listens. Each frame is a header of fixed size, big-endian, and,
in a snapshot frame, the payload: the identity coding, then the gzip coding.

    offset  bytes  what
         0      4  the magic and version of the format: "GWS1"
         4      1  the kind: "S" a snapshot, "R" a renewal of the age of the snapshot sent last
         5      3  zero
         8      8  the age in seconds at the moment of sending, an IEEE 754 double
        16      8  when the data changed last, in seconds since the epoch
        24      8  the number of items
        32     16  the digest of the identity coding: which snapshot this is
        48     16  the digest of the gzip coding
        64      8  the length of the identity coding; in a renewal 0
        72      8  the length of the gzip coding; in a renewal 0
        80      4  CRC-32 of the payload
        84      4  CRC-32 of the 84 bytes before

The age travels as a duration, which each side carries on by the boot clock; so no wall clock
that jumps can change it. The checksums find accidents, not attacks: who may write to the
socket's directory is trusted.
"""

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from shared.snapshot import Payload, Snapshot

MAGIC = b"GWS1"
MAX_PAYLOAD = 1 << 30  # bytes; a header that announces more is damaged or not ours

Kind = Literal[b"S", b"R"]
_FIELDS = struct.Struct(">4sc3xdQQ16s16sQQI")
_CHECKSUM = struct.Struct(">I")
HEADER_SIZE = _FIELDS.size + _CHECKSUM.size


class FrameError(Exception):
    """A frame cannot be taken: it is damaged, too large, or of another version."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a frame says."""

    kind: Kind
    age: float
    """Seconds since the last success of the endpoint that is longest without one."""
    last_modified: int
    items: int
    identity_digest: bytes
    gzip_digest: bytes
    identity_length: int
    gzip_length: int
    payload_checksum: int


def encode_snapshot(snapshot: Snapshot, age: float, payload_checksum: int) -> tuple[Payload, ...]:
    """Render a snapshot frame in pieces to be sent one after the other.

    The checksum is `checksum(snapshot)`, which does not change with the age and is best kept.
    """
    header = _header(b"S", snapshot, age, payload_checksum)
    return header, snapshot.identity, snapshot.gzip


def encode_renewal(snapshot: Snapshot, age: float) -> bytes:
    """Render the frame that renews the age of a snapshot that the server has."""
    return _header(b"R", snapshot, age, 0)


def checksum(snapshot: Snapshot) -> int:
    """Tell the CRC-32 of a snapshot's payload. Cost: about 0.25 ms a megabyte."""
    return zlib.crc32(snapshot.gzip, zlib.crc32(snapshot.identity))


def _header(kind: Kind, snapshot: Snapshot, age: float, payload_checksum: int) -> bytes:
    whole = kind == b"S"
    fields = _FIELDS.pack(
        MAGIC,
        kind,
        age,
        snapshot.last_modified,
        snapshot.items,
        snapshot.identity_digest,
        snapshot.gzip_digest,
        len(snapshot.identity) if whole else 0,
        len(snapshot.gzip) if whole else 0,
        payload_checksum,
    )
    return fields + _CHECKSUM.pack(zlib.crc32(fields))


def decode_header(data: bytes) -> Header:
    """Read a header of HEADER_SIZE bytes. Raises FrameError, naming what was found and wanted."""
    fields, check = data[: _FIELDS.size], data[_FIELDS.size :]
    if fields[: len(MAGIC)] != MAGIC:
        raise FrameError(f"it begins with {fields[: len(MAGIC)]!r}, not with {MAGIC!r}")
    if _CHECKSUM.pack(zlib.crc32(fields)) != check:
        raise FrameError("the checksum of its header is wrong")
    header = Header(*_FIELDS.unpack(fields)[1:])
    if header.kind not in (b"S", b"R"):
        raise FrameError(f"its kind is {header.kind!r}, neither b'S' nor b'R'")
    if not (math.isfinite(header.age) and header.age >= 0):
        raise FrameError(f"its age is {header.age} s")
    size = header.identity_length + header.gzip_length
    if size > (MAX_PAYLOAD if header.kind == b"S" else 0):
        raise FrameError(f"it announces a payload of {size} bytes")
    return header


def decode_snapshot(header: Header, identity: Payload, gzip: Payload, found: int) -> Snapshot:
    """Make the snapshot of a header and the payload that came behind it.

    `found` is the CRC-32 of the payload as received, taken piece by piece. Raises FrameError.
    """
    if found != header.payload_checksum:
        raise FrameError(
            f"the checksum of its payload is {found:08x}, not {header.payload_checksum:08x}"
        )
    return Snapshot(
        header.items,
        identity,
        gzip,
        header.identity_digest,
        header.gzip_digest,
        header.last_modified,
    )
