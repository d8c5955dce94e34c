"""Churn: connections of every kind, one after the other, most of them rude."""

import random
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from tests.load.crowd import WAYS, Client
from tests.serving import GET, LAST_GET

UPLOAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"


def churn(port: int, count: int, seed: int) -> Counter[str]:
    """Make so many connections, one after the other; tell how many were of which kind."""
    chance, tally = random.Random(seed), Counter[str]()
    for _ in range(count):
        kind = chance.choice(list(KINDS))
        way = chance.choice(("close", "half-close", "reset"))
        client = Client(port)
        with closing(client.socket):
            try:
                KINDS[kind](client)
                WAYS[way](client.socket)
            except OSError:  # the server has ended it already, as it may
                tally["ended by the server"] += 1
        tally[kind] += 1
    return tally


def _say(data: bytes) -> Callable[[Client], None]:
    return lambda client: client.socket.sendall(data)


def _ask(data: bytes) -> Callable[[Client], None]:
    def act(client: Client) -> None:
        client.socket.sendall(data)
        client.wait()

    return act


def _begin_to_read(client: Client) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.socket.sendall(GET)
    client.socket.recv(1)


KINDS: dict[str, Callable[[Client], None]] = {
    "say nothing": _say(b""),
    "say half a request": _say(GET[:10]),
    "ask and do not read": _say(GET),
    "ask 20 times and do not read": _say(GET * 20),
    "ask and read some": _begin_to_read,
    "ask": _ask(GET),
    "ask for the last time": _ask(LAST_GET),
    "ask by HTTP/1.0": _ask(b"GET / HTTP/1.0\r\n\r\n"),
    "ask for another path": _ask(GET.replace(b"/", b"/x", 1)),
    "ask for nonsense": _ask(b"nonsense\r\n\r\n"),
    "announce a body": _say(UPLOAD),
    "upload": _ask(UPLOAD + bytes(100_000)),
}
"""What connections do before they leave."""
