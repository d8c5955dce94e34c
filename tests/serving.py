"""A server in a thread of the test's own process, and clients that look at every byte of it."""

import asyncio
import logging
import select
import socket
import struct
import threading
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from server.configuration import Configuration
from server.gateway import Gateway
from shared.snapshot import Snapshot
from tests.support import DEADLINE

T = TypeVar("T")

# What the server logs is no news in the output of the tests.
logging.getLogger("server").addHandler(logging.NullHandler())

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    fields: dict[str, str] = field(default_factory=dict)
    """By name in lower case."""
    body: bytes = b""


def reset_at_close(connected: socket.socket) -> None:
    """Have the closing of a socket reset its connection, socket(7): struct linger."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Peer:
    """A client's connection to an HTTP server."""

    def __init__(
        self,
        test: unittest.TestCase,
        port: int,
        host: str = "127.0.0.1",
        receive_buffer: int | None = None,
    ) -> None:
        """Connect; closed at the end of the test. `receive_buffer` is in bytes, small for slow."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        test.addCleanup(self.close)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(DEADLINE)
        self._socket.connect((host, port))
        self._file: BinaryIO = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def ask(self, request: bytes = GET) -> Response:
        """Send a request, and read the answer."""
        self.send(request)
        return self.response()

    def response(self, bodiless: bool = False) -> Response:
        """Read one answer, to its last byte and no further; `bodiless` for that to a HEAD."""
        line = self._file.readline()
        if not line:
            raise EOFError
        version, status, _ = line.decode("ascii").split(" ", 2)
        assert version == "HTTP/1.1", line
        fields = {}
        while (text := self._file.readline().decode("latin-1")) != "\r\n":
            name, _, value = text.partition(": ")
            assert value.endswith("\r\n") and name.lower() not in fields, text
            fields[name.lower()] = value[:-2]
        length = 0 if bodiless or status == "304" else int(fields["content-length"])
        body = self._file.read(length)
        assert len(body) == length, f"{len(body)} bytes instead of {length}"
        return Response(int(status), fields, body)

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all until the end."""
        return self._file.read(size)

    def readable(self, timeout: float) -> bool:
        """Wait, at most so many seconds, and tell whether there is something to read."""
        return bool(select.select([self._socket], [], [], timeout)[0])

    def ended(self) -> bool:
        """Wait until the server ends the connection in good order; False where it says more."""
        return self._file.read(1) == b""

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with a reset."""
        reset_at_close(self._socket)
        self.close()

    def close(self) -> None:
        """Close. Safe to call again."""
        self._file.close()
        self._socket.close()


class Serving:
    """`server.gateway` at a free port, without a client unless `path` leads to one."""

    def __init__(
        self,
        test: unittest.TestCase,
        limit: int = 100,
        idle_timeout: float = 60.0,
        path: Path = Path("/nonexistent/snapshot.sock"),
    ) -> None:
        """Start it; stopped at the end of the test."""
        self._test = test
        self._gateway = Gateway(Configuration(limit, "127.0.0.1", 0, idle_timeout, path))
        self.port: int = self._gateway.address[1]
        self.service = self._gateway.service
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server")
        self._thread.start()
        test.addCleanup(self.stop)
        assert self._ready.wait(DEADLINE)

    def _run(self) -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            running = asyncio.create_task(self._gateway.run(self._stop))
            await asyncio.sleep(0)
            self._ready.set()
            await running

        asyncio.run(main())

    def call(self, function: Callable[[], T]) -> T:
        """Call a function on the server's loop, and tell what it returns."""

        async def on_loop() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(DEADLINE)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Have the server's loop stand still for as long as the context lasts."""
        standing, go = threading.Event(), threading.Event()

        def stand_still() -> None:
            standing.set()
            go.wait(DEADLINE)

        self._loop.call_soon_threadsafe(stand_still)
        assert standing.wait(DEADLINE)
        try:
            yield
        finally:
            go.set()

    def hold(self, snapshot: Snapshot, age: float = 0.0) -> None:
        """Give it a snapshot, as its client would."""
        self.call(lambda: self.service.take(snapshot, age))

    def connect(self, receive_buffer: int | None = None) -> Peer:
        """Connect a client."""
        return Peer(self._test, self.port, receive_buffer=receive_buffer)

    def clients(self) -> int:
        """Tell how many slots are taken."""
        return self.call(lambda: len(self.service.limit))

    def connections(self) -> int:
        """Tell how many connections are open."""
        return self.call(lambda: len(self._gateway.connections))

    def begin_stop(self) -> None:
        """Ask it to stop."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        """Stop it, and wait for its end. Safe to call again."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # its loop has been closed by now, and it ends
                self.begin_stop()
            self._thread.join()
