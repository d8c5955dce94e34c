"""The listener: accepts connections as long as there are descriptors for them."""

import asyncio
import errno
import logging
import math
import select
import socket
import sys
import time
from collections.abc import Callable

from server.address import resolve
from server.readiness import READABLE, Readiness

log = logging.getLogger("server")

BACKLOG = 65_535  # the kernel cuts it to net.core.somaxconn
BATCH = 16  # connections accepted in a row, or as many as may be served in a row
# Bytes that the kernel holds of an answer beyond what is under way. Without this bound, 600 readers
# that never read took 885 MB, and 11 MB went out to one that does at 1.6 GB/s instead of 2.9.
MOST_UNSENT = 64 * 1024
REST = 1.0  # seconds without accepting, where there is no descriptor to be had
WARNING_INTERVAL = 60.0  # seconds between two warnings that it is so
FEW_DESCRIPTORS = "descriptors run short: raise `ulimit -n`, or lower the limit of clients"
_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_TO_UNACKED = 24  # bytes before it in the struct

Accepted = Callable[[socket.socket, str], None]


class _ListeningSocket(socket.socket):
    """A socket that knows its family and type: `accept` asks it for both, each time.

    socket.socket makes them out of numbers, and so a short connection took 3 to 7 % longer.
    """

    __slots__ = ("family", "type")
    family: socket.AddressFamily
    type: socket.SocketKind

    def __init__(self, family: socket.AddressFamily) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.family, self.type = family, socket.SOCK_STREAM


class ListenError(Exception):
    """An address cannot be listened on; the text says why."""


def listen(host: str, port: int) -> socket.socket:
    """Make a listening socket for the first address of a host. Raises AddressError, ListenError."""
    address = resolve(host, port)
    listening = _ListeningSocket(address.family)
    try:
        # A restarted server must not wait for its predecessor's connections to time out.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The accepted sockets inherit these. An answer's last bytes must not wait for an
        # acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)
        listening.bind(address.sockaddr)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(f"cannot listen there: {error.strerror}") from None
    return listening


class Listener:
    """Accepts until told to stop."""

    def __init__(
        self,
        listening: socket.socket,
        readiness: Readiness,
        accepted: Accepted,
        is_full: Callable[[], bool],
        make_room: Callable[[], bool],
        full: str,
    ) -> None:
        """Hand each connection to `accepted`, with its peer's address.

        Where `is_full` says so, or the system refuses a descriptor, `make_room` is called before
        one more is accepted, and tells whether that helped. `full` is what to warn of where
        `is_full` says so.
        """
        self._socket = listening
        self._readiness = readiness
        self._accepted = accepted
        self._is_full = is_full
        self._make_room = make_room
        self._full = full
        self._warned = -math.inf
        self._readiness.watch(self._socket.fileno(), self)

    def ready(self) -> None:
        """Accept those who wait, or some of them."""
        self._accept(min(self._waiting(), max(BATCH, self._readiness.share)))

    def _accept(self, most: int) -> None:
        for _ in range(most):
            if self._is_full() and not self._relieve(self._full):
                return
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # Where it is another error, this one was gone before it was accepted.
                if error.errno in _SHORTAGES and not self._relieve(FEW_DESCRIPTORS):
                    return
            else:
                accepted.setblocking(False)
                self._accepted(accepted, f"{address[0]}:{address[1]}")

    def _waiting(self) -> int:
        """Tell how many wait, at least one: tcpi_unacked of struct tcp_info, see tcp(7).

        To accept until nobody is left would end in an error each time, and with that a short
        connection took 4 % longer.
        """
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TO_UNACKED + 4)
        return max(1, int.from_bytes(info[_TO_UNACKED:], sys.byteorder))

    def _relieve(self, shortage: str) -> bool:
        """Make room for one that waits. False where none does, or where there is none to be had.

        The system looks for a descriptor first, and then for who wants it.
        """
        if not self._is_awaited():
            return False
        self._warn(shortage)
        if self._make_room():
            return True
        self._rest()
        return False

    def _is_awaited(self) -> bool:
        """Tell whether somebody waits to be accepted."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _warn(self, shortage: str) -> None:
        now = time.monotonic()
        if now - self._warned > WARNING_INTERVAL:
            self._warned = now
            log.warning(shortage)

    def _rest(self) -> None:
        """Accept nothing for a while: else the loop would spin on what it cannot have."""
        self._readiness.change(self._socket.fileno(), 0)
        asyncio.get_running_loop().call_later(REST, self._resume)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._readiness.change(self._socket.fileno(), READABLE)

    def close(self) -> None:
        """Accept what waits already, then no more."""
        self._accept(BACKLOG)
        self._readiness.forget(self._socket.fileno())
        self._socket.close()
