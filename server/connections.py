"""The open connections, and which of them must go where too much is held."""

import asyncio
import time
from collections import OrderedDict

from server.connection import Connection

# Seconds of a sweep after which others have their turn. When 4000 connections ran out of time at
# once, all the others waited for 100 ms.
SWEEP_SLICE = 0.002
MOST_PAST = 8  # snapshots that slow readers may hold between them, beside the newest one


class Connections:
    """All connections, from accept to close."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        # In the order of the accepts. One that has taken a slot is found out when its turn comes.
        self._strangers: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        """Tell how many there are."""
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Keep a new connection, a stranger so far."""
        self._open.add(connection)
        self._strangers[connection] = None

    def discard(self, connection: Connection) -> None:
        """Keep a connection no more."""
        self._open.discard(connection)
        self._strangers.pop(connection, None)

    def make_room(self) -> bool:
        """End the connection that has been here longest without a slot; False if there is none.

        Where there is no stranger, one whose last answer is sent and that lingers.
        """
        while self._strangers:
            connection, _ = self._strangers.popitem(last=False)
            if connection.give_way():
                return True
        return any(connection.give_way() for connection in list(self._open))

    async def sweep(self, now: float) -> None:
        """End what has taken too long; `now` is the monotonic clock."""
        begun = now
        for connection in list(self._open):
            connection.sweep(now)
            if time.monotonic() - begun > SWEEP_SLICE:
                await asyncio.sleep(0)
                begun = time.monotonic()
        self._let_go_of_the_past()

    def _let_go_of_the_past(self) -> None:
        """End those that still read a snapshot that is too old to be held."""
        sent = sorted({connection.edition for connection in self._open} - {0}, reverse=True)
        too_old = set(sent[MOST_PAST + 1 :])
        for connection in list(self._open) if too_old else ():
            if connection.edition in too_old:
                connection.cut("its snapshot is too old to be held any longer")

    def stop(self) -> None:
        """End what is idle, and have the others end with the answer that is under way."""
        for connection in list(self._open):
            connection.stop()

    def close(self) -> None:
        """End all."""
        for connection in list(self._open):
            connection.close()
