"""The listener: accepts connections as long as there are descriptors for them."""

import asyncio
import errno
import logging
import math
import select
import socket
import time
from collections.abc import Callable

log = logging.getLogger("server")

BACKLOG = 65_535  # the kernel cuts it to net.core.somaxconn
BATCH = 64  # connections accepted in a row before others have their turn
REST = 1.0  # seconds without accepting, where there is no descriptor to be had
WARNING_INTERVAL = 60.0  # seconds between two warnings that it is so
_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Accepted = Callable[[socket.socket, str], bool]


def listen(host: str, port: int) -> socket.socket:
    """Make a listening socket for the first address of a host. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A restarted server must not wait for its predecessor's connections to time out.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it: an answer's last bytes must not wait for an acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


class Listener:
    """Accepts until told to stop."""

    def __init__(
        self, listening: socket.socket, accepted: Accepted, make_room: Callable[[], bool]
    ) -> None:
        """Hand each connection to `accepted`, with its peer's address.

        It tells whether one more can be taken now. `make_room` is called where the system refuses
        a descriptor, and tells whether that helped.
        """
        self._socket = listening
        self._accepted = accepted
        self._make_room = make_room
        self._warned = -math.inf
        self._loop = asyncio.get_running_loop()
        self._resume()

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self, most: int = BATCH) -> None:
        for _ in range(most):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _SHORTAGES:
                    continue  # this one was gone before it was accepted
                if not self._is_awaited():
                    return  # the system looks for a descriptor first, then for who wants it
                self._warn()
                if not self._make_room():
                    self._rest()
                    return
            else:
                accepted.setblocking(False)
                if not self._accepted(accepted, f"{address[0]}:{address[1]}"):
                    self._warn()
                    self._rest()
                    return

    def _is_awaited(self) -> bool:
        """Tell whether somebody waits to be accepted."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _warn(self) -> None:
        now = time.monotonic()
        if now - self._warned > WARNING_INTERVAL:
            self._warned = now
            log.warning("descriptors run short: raise `ulimit -n`, or lower the limit of clients")

    def _rest(self) -> None:
        """Accept nothing for a while: else the loop would spin on what it cannot have."""
        self._loop.remove_reader(self._socket.fileno())
        self._loop.call_later(REST, self._resume)

    def close(self) -> None:
        """Accept what waits already, then no more."""
        self._accept(BACKLOG)
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
