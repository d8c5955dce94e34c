"""Pipes: the bytes from one end of a connection to the other, and what befalls them on the way."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["flip", "cut", "reset", "stall"]
KINDS: tuple[Kind, ...] = ("flip", "cut", "reset", "stall", "stall")
CAPACITIES = (150, 2000, 60_000)  # bytes on the way, for which a sender need not wait
PIECES = (200, 4000, 4000, 4000)  # bytes that arrive together, at most
LATENCIES = (0.0, 0.001, 0.001, 0.02)  # seconds


@dataclass(frozen=True)
class Trouble:
    """What will befall a pipe."""

    kind: Kind
    at: int
    """Before, or in, which byte; counted from the first that was ever sent."""
    seconds: float = 0.0
    """How long a stall is."""


@dataclass(frozen=True)
class _Stall:
    seconds: float


@dataclass(frozen=True)
class _Ending:
    error: OSError | None


class Pipe:
    """One direction of a connection: in order, in pieces, with a delay and a bounded buffer."""

    def __init__(self, chance: random.Random, cut: Callable[[bool], None]) -> None:
        """Draw its nature. `cut` ends the whole connection; True is for a reset."""
        self._chance = chance
        self._cut = cut
        self._capacity = chance.choice(CAPACITIES)
        self._most = chance.choice(PIECES)
        self._latency = chance.choice(LATENCIES)
        self._flying: deque[bytes | _Stall | _Ending] = deque()
        self._arrived = bytearray()
        self._ending: _Ending | None = None
        self._is_closed = False  # nobody sends, or nobody reads
        self._load = 0  # bytes sent and not read
        self._due = 0  # pieces that would have arrived, were there no stall
        self._stalled: asyncio.TimerHandle | None = None
        self._is_mended = False
        self._reading: asyncio.Future[None] | None = None
        self._sending: asyncio.Future[None] | None = None
        self.sent = 0
        """Bytes that were ever sent."""
        self.trouble: Trouble | None = None

    async def send(self, data: memoryview) -> None:
        """Send all of it. Raises OSError."""
        start = 0
        while start < len(data):
            if self._is_closed:
                raise BrokenPipeError("nobody reads any more")
            room = self._capacity - self._load
            if room <= 0:
                self._sending = asyncio.get_running_loop().create_future()
                await self._sending
                continue
            size = min(room, self._chance.randint(1, self._most))
            self._put(bytes(data[start : start + size]))
            start += size

    def _put(self, piece: bytes) -> None:
        trouble, offset = self.trouble, self.sent
        if trouble and trouble.at < offset + len(piece):
            self.trouble = None
            self._meet(trouble, piece, max(0, trouble.at - offset))
        else:
            self._fly(piece)

    def _meet(self, trouble: Trouble, piece: bytes, at: int) -> None:
        if trouble.kind == "flip":
            bit = 1 << self._chance.randrange(8)
            self._fly(piece[:at] + bytes([piece[at] ^ bit]) + piece[at + 1 :])
            return
        self._fly(piece[:at])
        if trouble.kind == "stall":
            self._launch(_Stall(trouble.seconds))
            self._fly(piece[at:])
        else:
            self._cut(trouble.kind == "reset")

    def _fly(self, piece: bytes) -> None:
        self.sent += len(piece)
        self._load += len(piece)
        self._launch(piece)

    def _launch(self, thing: bytes | _Stall | _Ending) -> None:
        self._flying.append(thing)
        asyncio.get_running_loop().call_later(self._latency, self._arrive)

    def _arrive(self) -> None:
        if self._stalled:
            self._due += 1
            return
        match self._flying.popleft():
            case _Stall(seconds) if not self._is_mended:
                loop = asyncio.get_running_loop()
                self._stalled = loop.call_later(seconds, self._resume)
            case _Ending() as ending:
                self._ending = ending
            case bytes() as piece:
                self._arrived += piece
        _wake(self._reading)

    def mend(self) -> None:
        """End what befalls it, and have nothing befall it any more."""
        self.trouble, self._is_mended = None, True
        self._resume()

    def _resume(self) -> None:
        if not self._stalled:
            return
        self._stalled.cancel()
        self._stalled = None
        due, self._due = self._due, 0
        for _ in range(due):
            self._arrive()

    async def receive(self, most: int) -> bytes:
        """Wait for bytes, and take some; none at the end. Raises OSError."""
        while not self._arrived:
            if self._ending:
                if self._ending.error:
                    raise self._ending.error
                return b""
            self._reading = asyncio.get_running_loop().create_future()
            await self._reading
        taken = bytes(self._arrived[:most])
        del self._arrived[:most]
        self._load -= len(taken)
        _wake(self._sending)
        return taken

    def close(self, error: OSError | None = None) -> None:
        """Have it end behind what is on the way: nobody sends, or nobody reads any more."""
        if not self._is_closed:
            self._is_closed = True
            self._launch(_Ending(error))
            _wake(self._sending)


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting and not waiting.done():
        waiting.set_result(None)
