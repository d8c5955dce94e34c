"""The open connections, and which of them makes room when descriptors run short."""

from collections import OrderedDict

from server.connection import Connection


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
        """End the connection that has been here longest without a slot; False if there is none."""
        while self._strangers:
            connection, _ = self._strangers.popitem(last=False)
            connection.ready()  # if it has asked by now, it is no stranger any more
            if connection.expendable:
                connection.close()
                return True
        return False

    def sweep(self, now: float) -> None:
        """End what has taken too long; `now` is the monotonic clock."""
        for connection in list(self._open):
            connection.sweep(now)

    def stop(self) -> None:
        """End what is idle, and have the others end with the answer that is under way."""
        for connection in list(self._open):
            connection.stop()

    def close(self) -> None:
        """End all."""
        for connection in list(self._open):
            connection.close()
