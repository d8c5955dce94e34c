"""Asking once: a request and its whole answer, byte for byte."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmark.process import HOST

PATIENCE = 10.0  # seconds without a byte


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    head: bytes
    """With the empty line at its end."""
    body: bytes

    @property
    def status(self) -> int:
        """Tell its status, 0 where there is none."""
        words = self.head.split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def field(self, name: str) -> str:
        """Tell the value of a header field, empty where it has none."""
        for line in self.head.decode("latin-1").splitlines():
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return ""


def ask(port: int, path: str = "/", fields: Sequence[str] = ()) -> Answer:
    """Ask on a connection of its own. Raises OSError.

    Where the last answer was asked for, all that comes until the end counts as its body.
    """
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}:{port}", *fields, "", ""]
    with (
        socket.create_connection((HOST, port), PATIENCE) as connection,
        connection.makefile("rb") as file,
    ):
        connection.sendall("\r\n".join(lines).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and (line := file.readline()):
            head += line
        length = Answer(head, b"").field("Content-Length")
        body = file.read(-1 if "Connection: close" in fields else int(length or 0))
    return Answer(head, body)
