"""A proxy that opens tunnels, and tells what it was asked."""

import select
import socket
import socketserver
import threading
from typing import Self

from tests.demo.exchange import PIECE, read_head
from tests.support import DEADLINE


class TunnelProxy(socketserver.ThreadingTCPServer):
    """A server that gives one answer to each CONNECT, and then leads to a port of this machine.

    It runs for as long as its context lasts.
    """

    daemon_threads = True

    def __init__(self, answer: bytes, to: int | None = None) -> None:
        """Answer with this, and lead to a port; without one, close the connection then."""
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.answer = answer
        self.to = to
        self.heads: list[bytes] = []
        """What was asked so far."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(DEADLINE)
        self.server_close()

    @property
    def url(self) -> str:
        """What names it in the environment."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.BaseRequestHandler):
    server: TunnelProxy
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(DEADLINE)
        self.server.heads.append(read_head(self.request))
        self.request.sendall(self.server.answer)
        if self.server.to is not None:
            with socket.create_connection(("127.0.0.1", self.server.to), DEADLINE) as far:
                self._relay(far)

    def _relay(self, far: socket.socket) -> None:
        other = {self.request: far, far: self.request}
        while ready := select.select(list(other), [], [], DEADLINE)[0]:
            for each in ready:
                piece = each.recv(PIECE)
                if not piece:
                    return
                other[each].sendall(piece)
