"""The exchange on a connection: one request, and the response to it. It blocks."""

import socket
from collections.abc import Mapping

from client.response import Head, ResponseError, body_of, head_end, parse_head

MAX_INTERIM = 100  # responses before the final one
PIECE = 64 * 1024  # bytes taken from the connection at a time


class Exchange:
    """One request and its response. All methods raise ResponseError, and OSError."""

    def __init__(self, connection: socket.socket) -> None:
        """Talk over a connection, which its owner closes."""
        self._connection = connection
        self._received = bytearray()
        """What has come and is not used yet."""

    def request(self, method: str, target: str, fields: Mapping[str, str]) -> Head:
        """Send a request without a body; return the head of its final response."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in fields.items()), "", ""]
        self._connection.sendall("\r\n".join(lines).encode("ascii"))
        for _ in range(MAX_INTERIM + 1):
            head = parse_head(self._head())
            if not head.is_interim:
                return head
        raise ResponseError(f"not HTTP: more than {MAX_INTERIM} interim responses")

    def _head(self) -> bytes:
        scanned = 0
        while (end := head_end(self._received, scanned)) is None:
            scanned = max(0, len(self._received) - 3)
            piece = self._connection.recv(PIECE)
            if not piece and self._received:
                raise ResponseError("a head cut short")
            if not piece:
                raise ResponseError("the connection was closed without an answer")
            self._received += piece
        head = bytes(self._received[:end])
        del self._received[:end]
        return head

    def body(self, head: Head, max_size: int) -> bytearray:
        """Return the body behind a head, of so many bytes at most."""
        body, decoded = body_of(head), bytearray()
        if body.length is not None and body.length > max_size:
            too_many = f"{body.length} bytes, over the {max_size} that are taken"
            raise ResponseError(f"a body of {too_many}")
        piece = bytes(self._received)
        while True:
            decoded += body.decode(piece)
            if len(decoded) > max_size:
                raise ResponseError(f"a body over the {max_size} bytes that are taken")
            if body.is_whole:
                return decoded
            piece = self._connection.recv(PIECE)
            if not piece:
                body.end()
                return decoded

    @property
    def has_more(self) -> bool:
        """Whether something has come behind the head."""
        return bool(self._received)
