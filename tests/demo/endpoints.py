"""An HTTP/1.1 server on real sockets whose paths answer as they are told to, well or badly."""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections import deque
from typing import Self

from tests.demo.behaviours import text
from tests.demo.exchange import Behaviour, Exchange, Request, parse, read_head
from tests.demo.faults import FAULTS

LOG = logging.getLogger("endpoints")

PATIENCE = 10.0  # seconds for a TLS handshake and a request head; a poller sends both at once
REMEMBERED = 1000  # requests; the demo container runs for months
REST = 0.1  # seconds before the next try where a connection could not be accepted


class Endpoints:
    """A server that listens from the moment it is made until `close()`, or the end of a `with`.

    One thread accepts and each connection has one of its own: a behaviour may block as it likes.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self._behaviours: dict[str, Behaviour] = {}
        self._requests: deque[Request] = deque(maxlen=REMEMBERED)
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()  # for the connections: their table, and closing one
        self._closing = threading.Event()
        self._listener = socket.create_server((host, port), backlog=1024)
        self._address: tuple[str, int] = self._listener.getsockname()
        self._acceptor = threading.Thread(target=self._accept, name="endpoints", daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> list[Request]:
        """The requests seen, oldest first: the last thousand of them."""
        return list(self._requests)

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return sum(connection.fileno() >= 0 for connection in self._connections.values())

    def url(self, path: str) -> str:
        """Tell the URL of a path."""
        host, port = self._address
        return f"{'https' if self._tls else 'http'}://{host}:{port}{path}"

    def play(self, path: str, behaviour: Behaviour) -> None:
        """Have a path answer like this from now on."""
        self._behaviours[path] = behaviour

    def close(self) -> None:
        """End everything at once, answers under way included. Safe to call again."""
        self._closing.set()
        _shut(self._listener)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._connections.values():
                _shut(connection)
        for thread in self._connections:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection = self._next_connection()
            except OSError as error:
                if not self._closing.is_set():
                    LOG.warning("cannot accept a connection: %s", error)
                    self._closing.wait(REST)
                continue
            thread = threading.Thread(
                target=self._serve, args=(connection,), name="endpoints' connection", daemon=True
            )
            with self._lock:
                self._forget_ended()
                self._connections[thread] = connection
                thread.start()

    def _next_connection(self) -> socket.socket:
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # drips go byte by byte
        if self._tls is None:
            return connection
        # The handshake is left to the connection's thread, which may be kept waiting.
        return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    def _forget_ended(self) -> None:
        ended = [thread for thread in self._connections if not thread.is_alive()]
        for thread in ended:
            del self._connections[thread]

    def _serve(self, connection: socket.socket) -> None:
        try:
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            self._answer(connection)
            if isinstance(connection, ssl.SSLSocket):
                _end_tls(connection)
        except OSError as error:  # the peer has given up: what most faults are for
            LOG.debug("a connection ended early: %s", error)
        finally:
            with self._lock:  # so that close() never shuts a descriptor that is another's by now
                connection.close()

    def _answer(self, connection: socket.socket) -> None:
        head = read_head(connection)
        if not head:
            return
        request = parse(head, time.monotonic())
        if request is None:
            LOG.info("400 to what is not a request")
            request = Request("GET", "*", {}, time.monotonic())
            behaviour = text("this is not a request", 400)
        else:
            LOG.info("%s %s", request.method, request.target)
            self._requests.append(request)
            behaviour = self._behaviour(request)
        connection.settimeout(None)
        behaviour(Exchange(request, connection))

    def _behaviour(self, request: Request) -> Behaviour:
        if request.method != "GET":
            return text("only GET is supported", 405, {"Allow": "GET"})
        if request.fault is not None:
            unknown = text(f"no such fault; there are: {', '.join(sorted(FAULTS))}", 400)
            return FAULTS.get(request.fault, unknown)
        return self._behaviours.get(request.path, text("there is no such endpoint", 404))


def _shut(connection: socket.socket) -> None:
    """Wake whoever is blocked on the socket."""
    with contextlib.suppress(OSError):  # it is closed already, or the peer has reset it
        # Not SSLSocket.shutdown, which takes the TLS state away from under the other thread.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _end_tls(connection: ssl.SSLSocket) -> None:
    """Send close_notify, without which the end is a truncation to TLS; do not await the peer's."""
    connection.settimeout(0)
    with contextlib.suppress(ssl.SSLWantReadError):
        connection.unwrap()
