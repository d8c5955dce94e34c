"""The subscription: takes snapshots from the client's socket, and comes back when it is lost."""

import asyncio
import logging
import mmap
import os
import socket
import zlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Protocol

from server import backoff
from server.status import LinkStatus
from shared import boot_clock, frame
from shared.frame import FrameError, Header
from shared.logs import event
from shared.snapshot import Snapshot

log = logging.getLogger("server")

PIECE = 256 * 1024  # bytes read at a time; the loop serves requests in between
MAPPED = 64 * 1024  # bytes from which on a payload has pages of its own
LOOK_INTERVAL = 0.5  # seconds between two looks whether who says nothing still has the path
PATIENCE = 10.0  # seconds without a byte in the midst of a frame, before it is given up


class Taker(Protocol):
    """What a subscription feeds."""

    def take(self, snapshot: Snapshot, age: float) -> None:
        """Hold a snapshot from now on."""

    def renew(self, digest: bytes, age: float) -> bool:
        """Renew the age of what is held; False where that is another snapshot."""


class Subscription:
    """Keeps a taker up to date, for ever."""

    def __init__(self, path: Path, taker: Taker) -> None:
        """Take snapshots from the socket at this path."""
        self._path = path
        self._taker = taker
        # Since the last frame that was good:
        self._failures = 0
        self._greeted = False
        self._told = ""
        self._is_connected = False
        self._since = boot_clock.now()
        self._lost = "it has not been tried"

    def status(self, now: float) -> LinkStatus:
        """Tell how things stand; `now` is the boot clock."""
        reason = "" if self._is_connected else self._lost
        return LinkStatus(self._is_connected, now - self._since, reason)

    async def run(self) -> None:
        """Connect, take frames, and when that ends come back after a while; until cancelled."""
        while True:
            try:
                place = _place(self._path)
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                    connection.setblocking(False)
                    await self._connect(connection)
                    await self._take_frames(connection, place)
            except (OSError, FrameError) as error:
                self._failures += 1
                self._lose(error)
            await asyncio.sleep(backoff.delay(self._failures))

    async def _connect(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().sock_connect(connection, os.fspath(self._path))
        self._is_connected, self._since = True, boot_clock.now()
        if not self._greeted:  # who never sends anything good may be met again and again
            self._greeted = True
            log.info("connected to the client", extra=event(socket=str(self._path)))

    def _lose(self, error: OSError | FrameError) -> None:
        """Log why there is no connection; again only when it is for another reason."""
        if self._is_connected:
            self._is_connected, self._since = False, boot_clock.now()
        if isinstance(error, FrameError):
            reason = f"frame dropped: {error}"
        else:
            reason = error.strerror or str(error)
        self._lost = reason
        if reason != self._told:
            self._told = reason
            log.warning(
                "not connected to the client",
                extra=event(socket=str(self._path), reason=reason),
            )

    async def _take_frames(self, connection: socket.socket, place: "Place") -> None:
        """Take frame after frame. Raises OSError and FrameError, never returns."""
        frames = Frames(connection)
        await self._while_in_place(self._take_frame(frames), place)
        while True:
            await self._take_frame(frames)

    async def _take_frame(self, frames: "Frames") -> None:
        header = await frames.header()
        if header.kind == b"R":
            if not self._taker.renew(header.identity_digest, header.age):
                raise FrameError("it renews a snapshot that was not sent")
        else:
            self._taker.take(await frames.snapshot(header), header.age)
        self._failures, self._greeted, self._told = 0, False, ""

    async def _while_in_place(self, work: Coroutine[object, object, None], place: "Place") -> None:
        """Do some work, as long as the path leads to whom the connection is with.

        It is the first frame: a stranger that took the path for a while may keep the connection,
        and say nothing for ever, or little. Who has sent a snapshot is not left for who has the
        path now.
        """
        working = asyncio.create_task(work)
        try:
            while not working.done():
                await asyncio.wait({working}, timeout=LOOK_INTERVAL)
                if not working.done() and _place(self._path) != place:
                    raise ConnectionResetError("the path leads to another socket now")
            working.result()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


class Frames:
    """Reads frames from a connection. Raises FrameError, and OSError where it is lost."""

    def __init__(self, connection: socket.socket) -> None:
        """Read from a connected, non-blocking socket."""
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    async def header(self) -> Header:
        """Wait for a frame as long as it takes; then read its header."""
        first = await self._loop.sock_recv(self._connection, 1)
        if not first:
            raise ConnectionResetError("the client closed the connection")
        rest, _ = await self._read(frame.HEADER_SIZE - 1)
        return frame.decode_header(first + rest)

    async def snapshot(self, header: Header) -> Snapshot:
        """Read the payload that belongs to a header."""
        identity, checksum = await self._read(header.identity_length)
        gzip, checksum = await self._read(header.gzip_length, checksum)
        return frame.decode_snapshot(header, identity, gzip, checksum)

    async def _read(self, size: int, checksum: int = 0) -> tuple[memoryview, int]:
        """Read so many bytes, and carry the CRC-32 on over them."""
        data, taken = room(size), 0
        while taken < size:
            piece = data[taken : taken + PIECE]
            count = await self._fill(piece)
            if not count:
                raise FrameError(f"it was cut short, {size - taken} bytes were missing")
            checksum = zlib.crc32(piece[:count], checksum)
            taken += count
            await asyncio.sleep(0)  # for the requests that have come meanwhile
        return data, checksum

    async def _fill(self, piece: memoryview) -> int:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._loop.sock_recv_into(self._connection, piece)
        except TimeoutError:
            raise FrameError(f"nothing came of it for {PATIENCE:g} s") from None


Place = tuple[int, int] | None


def _place(path: Path) -> Place:
    """Tell what is at a path, by device and inode; None where nothing can be found."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def room(size: int) -> memoryview:
    """Make room for so many bytes: no memory is taken before they come. Raises OSError.

    The header that asks for it may be a lie; and what goes must go back to the system, where the
    heap would keep it: with 16 MB that came every second, it grew by 24 MB.
    """
    if size < MAPPED:
        return memoryview(bytearray(size))
    return memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
