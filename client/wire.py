"""The wire of one poll: its connection, which another thread can end at any moment."""

import socket
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from client.lookup import Addresses, Lookup, SocketAddress

PAUSE = 0.2  # seconds between two tries to connect


class GivenUpError(Exception):
    """The poll was given up; the text says why."""


class Wire:
    """Opens the connections of one poll, one after the other, and ends them when told to.

    The timeout of a blocking socket counts from byte to byte, so a peer that drips one now and
    then keeps it alive for ever. Here one deadline counts for all: at the deadline somebody else
    calls `give_up`, which shuts the socket down, and whatever blocks on it returns.
    """

    def __init__(self, lookup: Lookup, timeout: float, patience: float = 0.0) -> None:
        """Begin a poll that is to take at most `timeout` seconds.

        Within so many seconds of patience, a host that cannot be reached is tried again.
        """
        self.timeout = timeout
        self._lookup = lookup
        self._deadline = time.monotonic() + timeout
        self._patient_until = time.monotonic() + patience
        self._lock = threading.Lock()
        self._reason: Future[str] = Future()
        # A descriptor of our own for the connection, since TLS takes the socket over, and since a
        # shutdown must never hit a number that meanwhile means another file.
        self._handle: socket.socket | None = None

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to a host by the first of its addresses that answers.

        Raises OSError, and GivenUpError where the poll is given up meanwhile.
        """
        while True:
            try:
                return self._connect_once(host, port)
            except OSError:
                if time.monotonic() + PAUSE > self._patient_until:
                    raise
            wait([self._reason], PAUSE)
            self.check()

    def _connect_once(self, host: str, port: int) -> socket.socket:
        found = self._lookup.start(host, port)
        self._wait_for(found)
        addresses = found.result()
        for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # An address that swallows packets must leave time for the next one.
            timeout = max(0.001, (self._deadline - time.monotonic()) / left)
            try:
                return self._connect(family, address, timeout)
            except OSError:
                self.check()
                if left == 1:
                    raise
        raise OSError(f"{host} has no address")

    def _wait_for(self, found: Addresses) -> None:
        either: list[Future[Any]] = [found, self._reason]
        wait(either, return_when=FIRST_COMPLETED)
        self.check()

    def _connect(self, family: int, address: SocketAddress, timeout: float) -> socket.socket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._hold(connection.dup())
            connection.settimeout(timeout)
            connection.connect(address)
            connection.settimeout(None)
        except BaseException:
            connection.close()
            raise
        return connection

    def _hold(self, handle: socket.socket) -> None:
        with self._lock:
            if self._handle:
                self._handle.close()
            self._handle = handle
        self.check()

    @property
    def given_up(self) -> str | None:
        """Why the poll has been given up; None where it has not."""
        return self._reason.result() if self._reason.done() else None

    def check(self) -> None:
        """Raise GivenUpError where the poll has been given up."""
        if self.given_up is not None:
            raise GivenUpError(self.given_up)

    def give_up(self, reason: str) -> None:
        """End whatever the poll is waiting for. To be called from another thread; again if need be.

        A call after `close` does nothing.
        """
        with self._lock:
            if not self._reason.done():
                self._reason.set_result(reason)
            if self._handle:
                try:
                    self._handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # it is not connected any more, which is what was wanted

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            if self._handle:
                self._handle.close()
                self._handle = None
