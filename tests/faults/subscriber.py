"""A server that takes frames and does nothing else: what the client has pushed, seen from outside.

And a caller, who asks a real server what it serves.
"""

import http.client
import json
import os
import socket
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from client.endpoint import Endpoint
from client.items import ITEM_SIZE
from client.state import StateFile
from shared import frame
from shared.frame import Header
from shared.snapshot import Snapshot
from tests.faults import model
from tests.faults.model import Versions
from tests.support import DEADLINE


class Subscriber:
    """A connection to the snapshot socket, for one thread; closed at the end of its context."""

    def __init__(self, path: Path) -> None:
        """Connect. Raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(DEADLINE)
        try:
            self._socket.connect(os.fspath(path))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it. Safe to call again."""
        self._socket.close()

    def frame(self) -> tuple[Header, Snapshot | None]:
        """Read a frame. Raises EOFError at the end, in mid-frame too, TimeoutError, FrameError."""
        header = frame.decode_header(self._read(frame.HEADER_SIZE))
        if header.kind == b"R":
            return header, None
        identity, gzip = self._read(header.identity_length), self._read(header.gzip_length)
        found = zlib.crc32(gzip, zlib.crc32(identity))
        return header, frame.decode_snapshot(header, identity, gzip, found)

    def snapshot(self) -> Snapshot:
        """Read frames up to the next snapshot. Raises as `frame` does."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            _, snapshot = self.frame()
            if snapshot:
                return snapshot
        raise TimeoutError("nothing but renewals came")

    def versions(self, endpoints: int = 1) -> Versions:
        """Tell of which versions the next snapshot is the merge. Raises WrongAnswerError too."""
        return model.recognized(json.loads(bytes(self.snapshot().identity)), endpoints)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                piece = self._socket.recv(size - len(data))
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


class Caller:
    """A connection to a server's HTTP port that is kept; closed at the end of its context."""

    def __init__(self, port: int, endpoints: int = 1) -> None:
        """Ask at this port for the data of so many endpoints."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        self._endpoints = endpoints
        self.floor: Versions = (0,) * endpoints
        """What has been served so far."""
        self.answers = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def versions(self) -> Versions:
        """Tell of which versions the answer is the merge; none, where there is no data yet.

        Raises WrongAnswerError where it is none that may be served, or older than one before.
        """
        self._connection.request("GET", "/")
        response = self._connection.getresponse()
        body = response.read()
        self.answers += 1
        if response.status != 200 and any(self.floor):
            raise model.WrongAnswerError(f"status {response.status} after {self.floor}")
        if response.status != 200:
            return self.floor
        most = 1 << 24  # a model's name has six digits
        sent = [range(1, most)] * self._endpoints
        self.floor = model.check(json.loads(body), sent, self.floor)
        return self.floor


def kept(path: Path, endpoints: Iterable[Endpoint]) -> Versions:
    """Tell which version of each endpoint a state file holds; none at all where there is no file.

    Raises StateError, and WrongAnswerError.
    """
    state = StateFile(path).load(endpoints)
    found = []
    for number, result in enumerate(state.results.values()):
        starts = range(0, len(result.items), ITEM_SIZE)
        strings = [result.items[start : start + ITEM_SIZE].decode() for start in starts]
        names = [string for string in strings if string.startswith(f"{number:x}=")]
        version = int(names[0].partition("=")[2], 16) if names else 0
        if strings != model.items(number, version):
            raise model.WrongAnswerError(f"endpoint {number} has never sent {strings}")
        found.append(version)
    return tuple(found)
