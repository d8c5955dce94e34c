"""Crowds: many clients of one server, in one process, each on a connection of its own."""

import select
import socket
import time
from collections import Counter
from collections.abc import Callable

from tests.load.outcome import HANGING, RESET, SERVED, outcome
from tests.serving import GET, reset_at_close

PATIENCE = 30.0  # seconds that an answer, or an end, may take


class Client:
    """One client, on one connection."""

    def __init__(self, port: int) -> None:
        """Connect to a port of this machine."""
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._received = b""

    def ask(self) -> None:
        """Ask for the data."""
        self._received = b""
        self.socket.send(GET)

    def read(self) -> str | None:
        """Read what there is; tell what became of the request, None while more is to come."""
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return HANGING
        except ConnectionResetError:
            return RESET
        self._received += data
        return outcome(self._received, ended=not data)

    def wait(self) -> str:
        """Wait until it is known what became of the request, and tell it."""
        while (word := self.read()) is None:
            continue
        return word


class Crowd:
    """Clients that stay as long as they are served, and do what they are told to."""

    def __init__(self, port: int) -> None:
        """Have them be clients of the server at a port of this machine."""
        self._port = port
        self.clients: list[Client] = []

    def connect(self, count: int) -> None:
        """Connect so many more."""
        self.clients += [Client(self._port) for _ in range(count)]

    def ask_at_once(self) -> Counter[str]:
        """Have all ask before one reads; tell how many had which outcome."""
        asking = {client.socket.fileno(): client for client in self.clients}
        tally, deadline = Counter[str](), time.monotonic() + PATIENCE
        with select.epoll() as epoll:
            for descriptor, client in asking.items():
                client.ask()
                epoll.register(descriptor, select.EPOLLIN)
            while asking and time.monotonic() < deadline:
                for descriptor, _ in epoll.poll(0.1):
                    if word := asking[descriptor].read():
                        epoll.unregister(descriptor)
                        tally[word] += 1
                        self._answered(asking.pop(descriptor), word)
        tally[HANGING] += len(asking)
        return +tally

    def ask_in_turn(self) -> list[str]:
        """Have one ask after the other has had its answer; tell their outcomes in this order."""
        outcomes = []
        for client in self.clients[:]:
            client.ask()
            outcomes.append(client.wait())
            self._answered(client, outcomes[-1])
        return outcomes

    def _answered(self, client: Client, word: str) -> None:
        if word != SERVED:
            self.clients.remove(client)
            client.socket.close()

    def leave(self, way: str) -> int:
        """Have all leave in one of the WAYS; tell how many could not."""
        failed = 0
        for client in self.clients:
            failed += not WAYS[way](client.socket)
            client.socket.close()
        self.clients.clear()
        return failed


def _close(_: socket.socket) -> bool:
    return True


def _half_close(client: socket.socket) -> bool:
    client.shutdown(socket.SHUT_WR)
    return _is_ended(client)


def _reset(client: socket.socket) -> bool:
    reset_at_close(client)
    return True


def _is_ended(client: socket.socket) -> bool:
    """Wait for the server to end a connection in good order."""
    try:
        return client.recv(1) == b""
    except OSError:
        return False


WAYS: dict[str, Callable[[socket.socket], bool]] = {
    "close": _close,
    "half-close": _half_close,
    "reset": _reset,
    "time-out": _is_ended,
}
"""How clients leave. Each tells whether the server did its part."""
