"""The check: whether the server could listen, and what the client would send it."""

import asyncio
import os
import socket

from server import address, descriptors
from server.configuration import Configuration, configuration
from server.listener import ListenError, listen
from server.subscription import Frames
from shared import inquiry
from shared.frame import FrameError
from shared.inquiry import InquiryError
from shared.output import tell
from shared.quantity import counted, duration
from shared.terminal import aligned
from shared.values import Values

DEADLINE = 5.0  # seconds for a snapshot; a client that has one sends it at once


class CheckError(Exception):
    """Something is not as the server needs it; the text says what."""


async def check(values: Values) -> bool:
    """Try the address, the limit and the client's socket, and print what came.

    True where all went well. A server that runs there is not disturbed. Raises SettingError.
    """
    configured, place = configuration(values), address.place(values)
    rows, well = [], True
    for name, trial in (
        (place, _listen(configured, place)),
        (counted(configured.limit, "client"), _hold(configured)),
        (str(configured.socket), _take(configured)),
    ):
        try:
            rows.append((name, "ok", await trial))
        except CheckError as error:
            rows.append((name, "failed", str(error)))
            well = False
    tell("".join(f"{line}\n" for line in aligned(rows)))
    return well


async def _listen(configured: Configuration, place: str) -> str:
    """Tell whether one can listen at the address. Raises CheckError."""
    try:
        listen(configured.host, configured.port).close()
    except ListenError as error:
        try:
            inquiry.ask(inquiry.address("server", place), inquiry.LIVE)
        except InquiryError:
            raise CheckError(f"{error}; want another") from None
        return "this server runs there"
    return "free to listen on"


async def _hold(configured: Configuration) -> str:
    """Tell for how many connections there is room. Raises CheckError where for too few."""
    room = descriptors.connections()
    said = f"descriptors for {counted(room, 'connection')}"
    if room < configured.limit:
        raise CheckError(f"{said} only: raise `ulimit -n`, or lower the limit")
    return said


async def _take(configured: Configuration) -> str:
    """Tell what the client sends. Raises CheckError."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await _first(configured)
    except TimeoutError:
        raise CheckError(f"the client sends nothing, tried for {DEADLINE:g} s") from None
    except FrameError as error:
        raise CheckError(str(error)) from None
    except OSError as error:
        raise CheckError(f"no client: {error.strerror or error}") from None


async def _first(configured: Configuration) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, os.fspath(configured.socket))
        frames = Frames(connection)
        header = await frames.header()
        snapshot = await frames.snapshot(header)
    return (
        f"{counted(snapshot.items, 'item')}, {counted(len(snapshot.identity), 'byte')}, "
        f"{duration(header.age)} old"
    )
