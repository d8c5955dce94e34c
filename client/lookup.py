"""Name look-ups that can be given up."""

import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

SocketAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Address = tuple[int, SocketAddress]
"""An address family and a socket address, as `socket` takes them."""

Addresses = Future[list[Address]]
Resolve = Callable[..., Iterable[tuple[Any, Any, Any, Any, Any]]]


class Lookup:
    """Looks up the names of one endpoint, with at most one look-up under way.

    `getaddrinfo` cannot be cancelled. So it runs in a daemon thread, which delays no exit, and a
    poll that comes while the look-up of an earlier one still hangs waits for that very look-up.
    """

    def __init__(self, resolve: Resolve = socket.getaddrinfo) -> None:
        """Look names up by a function like `getaddrinfo`."""
        self._resolve = resolve
        self._lock = threading.Lock()
        self._pending: tuple[str, int, Addresses] | None = None

    def start(self, host: str, port: int) -> Addresses:
        """Begin to look up a name, or join the look-up that is under way.

        The result is never an empty list. Raises OSError where the look-up of another name of this
        endpoint hangs; the future's exceptions are `getaddrinfo`'s.
        """
        with self._lock:
            if self._pending:
                pending_host, pending_port, found = self._pending
                if (host, port) == (pending_host, pending_port):
                    return found
                raise OSError(f"the look-up of {pending_host} is still under way")
            found = Future()
            self._pending = host, port, found
        thread = threading.Thread(
            target=self._run, args=(host, port, found), name=f"lookup {host}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            self._end()
            raise OSError(str(error)) from None
        return found

    def _run(self, host: str, port: int, found: Addresses) -> None:
        try:
            answers = self._resolve(host, port, type=socket.SOCK_STREAM)
        except BaseException as error:  # handed on; who waits must not wait for ever
            self._end()
            found.set_exception(error)
        else:
            self._end()
            found.set_result([(family, address) for family, _, _, _, address in answers])

    def _end(self) -> None:
        with self._lock:
            self._pending = None
