"""One request to a played endpoint, and what may be done with its connection."""

import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qs

MAX_HEAD = 64 * 1024  # bytes; a poller has no reason to send more
PIECE = 4096  # bytes read at once
RESET = struct.pack("ii", 1, 0)  # struct linger: on, for no time, so that close() sends a reset


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was received: field names in lower case, `when` in monotonic seconds."""

    method: str
    target: str
    headers: dict[str, str]
    when: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def fault(self) -> str | None:
        """The fault that the query asks for, as in `/15?fault=drip-body`."""
        named = parse_qs(self.target.partition("?")[2]).get("fault")
        return named[0] if named else None


class Exchange:
    """A request that waits for its answer. When the behaviour returns, the connection is closed."""

    def __init__(self, request: Request, connection: socket.socket) -> None:
        self.request = request
        self._connection = connection

    @property
    def application_protocol(self) -> str | None:
        """What was agreed on by ALPN; None without TLS, or where nothing was."""
        if not isinstance(self._connection, ssl.SSLSocket):
            return None
        return self._connection.selected_alpn_protocol()

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError once the connection is gone."""
        self._connection.sendall(data)

    def wait_for_close(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, and tell whether the connection is gone."""
        self._connection.settimeout(timeout)
        try:
            while self._connection.recv(PIECE):
                continue
        except TimeoutError:
            return False
        except OSError:  # a reset is an end like any other
            return True
        finally:
            self._connection.settimeout(None)
        return True

    def hang(self) -> None:
        """Say nothing (more) until the peer, or the server's close(), ends the connection."""
        self.wait_for_close()

    def reset(self) -> None:
        """Have the connection end with a reset instead of an orderly close."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


Behaviour: TypeAlias = Callable[[Exchange], None]


def read_head(connection: socket.socket) -> bytes:
    """Read a request head, or what there is of it when the peer stops or never comes to an end."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MAX_HEAD:
        piece = connection.recv(PIECE)
        if not piece:
            break
        head += piece
    return head


def parse(head: bytes, when: float) -> Request | None:
    """Understand a request head; None is for what is not one.

    This is lax about everything that does not matter to a test. What it lets pass can be logged.
    """
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not first.isprintable() or not words[2].startswith("HTTP/1."):
        return None
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    return Request(words[0], words[1], headers, when)
