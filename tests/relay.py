"""A relay that counts the bytes of one exchange on their way through it."""

import socket
import threading
from dataclasses import dataclass

from tests.support import DEADLINE


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, in bytes, without what TCP and IP add."""

    asked: int
    answered: int


class Relay:
    """Takes one connection, and passes on what comes to a server that closes it."""

    def __init__(self, port: int) -> None:
        """Lead to this port."""
        self._to = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(DEADLINE)
        self.port: int = self._listening.getsockname()[1]
        self._asked = self._answered = 0
        self._thread = threading.Thread(target=self._pass_on)
        self._thread.start()

    def _pass_on(self) -> None:
        with (
            self._listening,
            self._listening.accept()[0] as near,
            socket.create_connection(self._to, DEADLINE) as far,
        ):
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += near.recv(65_536)
            self._asked = len(request)
            far.sendall(request)
            while piece := far.recv(65_536):
                self._answered += len(piece)
                near.sendall(piece)

    def exchange(self) -> Exchange:
        """Wait for the end of the exchange, and tell how large it was."""
        self._thread.join()
        return Exchange(self._asked, self._answered)
