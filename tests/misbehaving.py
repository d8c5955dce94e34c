"""Slow and hostile peers by the hundred, each of its kind, in one loop."""

import select
import socket
import threading
import time
import unittest
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.processes import Program
from tests.serving import GET, Peer, reset_at_close
from tests.support import DEADLINE

MISS = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n"
CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

TURN = 0.1  # seconds from one turn of a peer to its next
IDLE = 2.0  # seconds, the server's idle timeout while peers are waited for
STAY = 25  # turns; those who are still at it by then have outlasted the timeout
TCP_REPAIR = 19  # of linux/tcp.h: a socket that is closed under repair sends nothing


def reset(leaving: socket.socket) -> None:
    """Close with a reset."""
    reset_at_close(leaving)
    leaving.close()


def vanish(leaving: socket.socket) -> None:
    """Close without a word, as a machine that loses its power. Raises PermissionError."""
    leaving.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    leaving.close()


def may_vanish() -> bool:
    """Tell whether this process has the right to."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            return False
    return True


@dataclass(frozen=True)
class Kind:
    """A way to misbehave."""

    name: str
    ends: str
    """How it must end: `closed`, `reset`, with a status as the answer; or by itself, `left`."""
    opening: bytes = b""
    """Sent at once."""
    more: bytes = b""
    """Sent again at each turn, as far as the socket takes it."""
    takes: int = 0
    """Bytes read at each turn, at the most."""
    leaves: tuple[int, Callable[[socket.socket], None]] | None = None
    """After how many turns it goes by itself, and how."""


SILENT = Kind("says nothing", "closed")
DRIPS_HEAD = Kind("drips a head", "408", GET[:10], b"x")
DRIPS_BODY = Kind("drips a body", "408", POST, b"x")
DRIPS_CHUNKS = Kind("drips chunks", "408", CHUNKED, b"1\r\nx\r\n")
ENDLESS_FIELDS = Kind("sends header fields without end", "431", GET[:-2], b"X: y\r\n" * 1000)
# With more to be read at any time than the kernel takes of the answers.
ENDLESS_REQUESTS = Kind("asks without end and never reads", "reset", MISS * 600, MISS * 600)
READS_NOTHING = Kind("asks for much and never reads", "reset", GET)

LONG_HEAD = Kind("sends a long head", "408", GET[:-2] + b"X: y\r\n" * 2600, b"x")

OUTSTAYING = (
    SILENT,
    DRIPS_HEAD,
    DRIPS_BODY,
    DRIPS_CHUNKS,
    ENDLESS_FIELDS,
    ENDLESS_REQUESTS,
    READS_NOTHING,
    Kind("asks once and no more", "closed", MISS, takes=1000),
)
"""Those whom the server must end."""

LEAVING = (
    Kind("reads slowly and is reset in the end", "left", GET, takes=4000, leaves=(STAY, reset)),
    Kind("is reset before it asks", "left", leaves=(1, reset)),
    Kind("is reset in a head", "left", GET[:10], leaves=(1, reset)),
    Kind("is reset in a body", "left", POST, leaves=(1, reset)),
    Kind("is reset when it has asked", "left", GET, leaves=(0, reset)),
    Kind("is reset in mid-answer", "left", GET, takes=4000, leaves=(3, reset)),
    Kind("is reset as it is refused", "left", b"nonsense\r\n\r\n", leaves=(0, reset)),
)

HALF_OPEN = (
    Kind("vanishes before it asks", "left", leaves=(1, vanish)),
    Kind("vanishes in a head", "left", GET[:10], leaves=(1, vanish)),
    Kind("vanishes when it is answered", "left", MISS, takes=1000, leaves=(2, vanish)),
    Kind("vanishes in mid-answer", "left", GET, takes=4000, leaves=(3, vanish)),
)


class Misbehaving:
    """One peer."""

    def __init__(self, port: int, kind: Kind) -> None:
        self.kind = kind
        self.came = time.monotonic()
        self.socket = socket.socket()
        # As small as it gets, so that the kernel does not read for those who do not.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self._unsent = kind.opening
        self._turns = 0
        self._send()

    def _send(self) -> None:
        if self._unsent:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]

    def turn(self) -> bool:
        """Do what its kind does; False where it has gone."""
        if self.kind.leaves and self._turns >= self.kind.leaves[0]:
            self.kind.leaves[1](self.socket)
            return False
        self._turns += 1
        try:
            if self.kind.takes:
                self.socket.recv(self.kind.takes)
            self._unsent = self._unsent or self.kind.more
            self._send()
        except OSError:  # it cannot now, or has been ended, which the crowd is told in its own way
            pass
        return True

    def end(self, events: int) -> str:
        """Tell in the words of a kind how the server has ended it."""
        with self.socket:
            if events & select.EPOLLERR:
                return "reset"
            answer = self.socket.recv(1000)
            return answer[len("HTTP/1.1 ") :][:3].decode() or "closed"


@dataclass(frozen=True)
class Ending:
    """How a peer ended."""

    kind: Kind
    how: str
    after: float
    """Seconds since it came."""


class Crowd:
    """Many peers at one server, each of its kind."""

    def __init__(self, test: unittest.TestCase, server: Program) -> None:
        """Begin without any; those who are left go at the end of the test."""
        self._port = server.port()
        self._peers: dict[int, Misbehaving] = {}
        self._epoll = select.epoll()
        self.endings: list[Ending] = []
        test.addCleanup(self.close)

    def join(self, kind: Kind, number: int) -> None:
        """Have so many more of a kind."""
        for _ in range(number):
            peer = Misbehaving(self._port, kind)
            self._peers[peer.socket.fileno()] = peer
            self._epoll.register(peer.socket.fileno(), select.EPOLLRDHUP)

    def take_turns(self, turns: int) -> None:
        """Have everybody misbehave so many times."""
        for _ in range(turns):
            for number, peer in list(self._peers.items()):
                if not peer.turn():
                    self._tell_end(number, "left")
            self._look_for(TURN)

    def until_all_have_ended(self, deadline: float) -> None:
        """Misbehave until nobody is left; the deadline is in seconds."""
        started = time.monotonic()
        while self._peers:
            self.take_turns(1)
            if time.monotonic() - started > deadline:
                left = Counter(peer.kind.name for peer in self._peers.values())
                raise AssertionError(f"after {deadline:g} s there are still {left}")

    def _look_for(self, seconds: float) -> None:
        """Note who is ended by the server meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for number, events in self._epoll.poll(left):
                self._tell_end(number, self._peers[number].end(events))

    def _tell_end(self, number: int, how: str) -> None:
        peer = self._peers.pop(number)
        self.endings.append(Ending(peer.kind, how, time.monotonic() - peer.came))

    def close(self) -> None:
        """Have all go. Safe to call again."""
        for peer in self._peers.values():
            reset(peer.socket)
        self._peers.clear()
        self._epoll.close()


class Neighbour:
    """A thread that asks on and on, on a connection that it keeps and on new ones."""

    def __init__(self, test: unittest.TestCase, server: Program, body: bytes) -> None:
        """Ask this server for this body for as long as the context lasts."""
        self._body = body
        self._test, self._port = test, server.port()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)
        self.answers: Counter[str] = Counter()

    def __enter__(self) -> "Neighbour":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()

    def _ask_on(self) -> None:
        try:
            kept = Peer(self._test, self._port)
            while not self._leaving.wait(0.01):
                new = Peer(self._test, self._port)
                for peer in (kept, new):
                    self._ask(peer)
                new.close()
            kept.close()
        except Exception as error:
            self.answers[repr(error)] += 1

    def _ask(self, peer: Peer) -> None:
        response = peer.ask()
        whole = response.body == self._body
        self.answers["whole" if whole else f"{response.status}"] += 1
