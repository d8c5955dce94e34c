"""The snapshot socket: what is at its path, who listens there, and the connections to it."""

import asyncio
import errno
import os
import random
import stat
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Self

from client.claim import ClaimError
from tests.simulation.pipe import Pipe
from tests.simulation.process import Process, current
from tests.simulation.promises import NOTHING


class End:
    """One end of a connection, or what may become one: a fake socket."""

    def __init__(self, owner: Process) -> None:
        """Belong to a process, which holds it until it is closed."""
        self.owner = owner
        self.owner.held[self] = None
        self.wire: Wire | None = None
        self._out: Pipe | None = None
        self._in: Pipe | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def setblocking(self, flag: bool) -> None:
        """Do nothing: it never blocks."""

    def join(self, wire: "Wire", outgoing: Pipe, incoming: Pipe) -> None:
        """Be connected."""
        self.wire, self._out, self._in = wire, outgoing, incoming

    def close(self) -> None:
        """Close it; again does nothing."""
        if self in self.owner.held:
            del self.owner.held[self]
            if self._out and self._in:
                self._out.close()
                self._in.close(BrokenPipeError())

    async def send(self, data: memoryview) -> None:
        """Send all of it. Raises OSError."""
        assert self._out, "it is connected"
        await self._out.send(data)

    async def receive(self, most: int) -> bytes:
        """Receive some. Raises OSError."""
        assert self._in, "it is connected"
        return await self._in.receive(most)


class Wire:
    """A connection of a server with who listens at the path."""

    def __init__(self, chance: random.Random, near: End, far: End) -> None:
        """Connect a server's end, the near one, with that of who listens."""
        self.down = Pipe(chance, self.cut)  # what carries the frames
        self._up = Pipe(chance, self.cut)
        self.near, self.far = near, far
        self.client: int | None = None
        """The number of the client at the far end; None for a stranger."""
        self.mark = NOTHING
        """Behind which no data that comes through it may be."""
        near.join(self, self._up, self.down)
        far.join(self, self.down, self._up)

    def cut(self, reset: bool) -> None:
        """End it, for both."""
        error = ConnectionResetError(errno.ECONNRESET, "reset") if reset else None
        self.down.close(error)
        self._up.close(error)

    def mend(self) -> None:
        """End what befalls it, and what was to."""
        self.down.mend()

    @property
    def is_held(self) -> bool:
        """Tell whether the server still has its end, be there somebody at the other or not."""
        return self.near in self.near.owner.held

    @property
    def is_open(self) -> bool:
        """Tell whether both have their ends."""
        return self.is_held and self.far in self.far.owner.held


class Listener:
    """A fake listening socket."""

    def __init__(self, owner: Process) -> None:
        """Belong to a process, which holds it until it is closed."""
        self.owner = owner
        self.owner.held[self] = None
        self.is_open = True
        self._waiting: deque[End] = deque()
        self._accepting: asyncio.Future[None] | None = None

    def put(self, end: End) -> None:
        """Have somebody wait to be accepted."""
        self._waiting.append(end)
        if self._accepting and not self._accepting.done():
            self._accepting.set_result(None)

    async def accept(self) -> End:
        """Wait for somebody."""
        while not self._waiting:
            self._accepting = asyncio.get_running_loop().create_future()
            await self._accepting
        return self._waiting.popleft()

    def close(self) -> None:
        """Close it, and the connections that were not accepted; again does nothing."""
        if self.is_open:
            self.is_open = False
            del self.owner.held[self]
            while self._waiting:
                self._waiting.popleft().close()


class Network:
    """The path, and the connections."""

    def __init__(
        self, chance: random.Random, path: Path, connected: Callable[[Wire], None]
    ) -> None:
        """Begin with nothing at the path. `connected` is called with each new connection."""
        self._chance = chance
        self._path = path
        self._connected = connected
        self._inode = 0
        self._listener: Listener | None = None
        self.wires: list[Wire] = []

    def socket(self, family: int, kind: int) -> End:
        """Do what `socket.socket` does, for the process whose code is running."""
        return End(current())

    def stat(self, path: Path, *, follow_symlinks: bool = True) -> SimpleNamespace:
        """Do what `os.stat` does, for the socket's path. Raises FileNotFoundError."""
        if not self._listener:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return SimpleNamespace(st_dev=1, st_ino=self._inode, st_mode=stat.S_IFSOCK | 0o755)

    def connect(self, end: End, path: str) -> None:
        """Connect a socket to who listens at the path. Raises OSError."""
        if path != str(self._path) or not self._listener:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not self._listener.is_open:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        wire = Wire(self._chance, end, End(self._listener.owner))
        self.wires = [wire for wire in self.wires if wire.is_held] + [wire]
        self._connected(wire)
        self._listener.put(wire.far)

    @property
    def inode(self) -> int | None:
        """What is at the path; None for nothing."""
        return self._inode if self._listener else None

    @property
    def is_answered(self) -> bool:
        """Tell whether somebody listens at the path."""
        return self._listener is not None and self._listener.is_open

    def place(self, listener: Listener | None) -> int:
        """Put another socket in the path's place, or nothing; tell its inode."""
        self._listener = listener
        self._inode += 1
        return self._inode


class Claim:
    """What `client.claim.Claim` is, on the fake path."""

    def __init__(self, network: Network, path: Path) -> None:
        """Take the path. Raises ClaimError."""
        if network.is_answered:
            raise ClaimError("another client is listening there")
        self.path = path
        self.socket = Listener(current())
        self._network = network
        self._inode = network.place(self.socket)

    def in_place(self) -> bool:
        """Tell whether the path still leads to this socket."""
        return self._network.inode == self._inode

    def release(self) -> None:
        """Let the path go; the dead leave it as it is."""
        if self.socket.owner.is_alive and self.in_place():
            self._network.place(None)
        self.socket.close()
