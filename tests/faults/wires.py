"""The snapshot socket: frames cut at every byte and with every bit flipped, to a real server."""

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from client.render import Edition, render
from shared import frame
from tests.faults import model
from tests.faults.model import WrongAnswerError
from tests.faults.subscriber import Caller
from tests.processes import Program
from tests.support import DEADLINE, wait_until

HEALED = 2.0  # seconds from the end of a fault to the new data, as promised


@dataclass(frozen=True)
class Spoilt:
    """A frame that must not be taken, and what is wrong with it."""

    what: str
    data: bytes


def run(tell: Callable[[str], None]) -> bool:
    """Send a server every spoilt frame; False where one was taken, or held up the next good one."""
    tell("| frame | times | healed after, at most | wrong |\n|---|--:|--:|--:|")
    wrong = list[str]()
    for name, make in (("cut at each byte", cuts), ("each bit flipped", flips)):
        tally = spoil(make(good(1)))
        tell(f"| {name} | {tally.frames:,} | {tally.slowest:.2f} s | {len(tally.wrong)} |")
        wrong += tally.wrong
        if tally.slowest > HEALED:
            wrong.append(f"{name}: a server healed after {tally.slowest:.2f} s only")
    for line in wrong:
        tell(line)
    return not wrong


def good(version: int) -> bytes:
    """Render the frame of a version of the model's endpoint 0."""
    packed = "".join(model.items(0, version)).encode()
    snapshot = render([packed], Edition(), version)
    return b"".join(map(bytes, frame.encode_snapshot(snapshot, 0.0, frame.checksum(snapshot))))


def cuts(data: bytes, stride: int = 1) -> Iterator[Spoilt]:
    """Cut a frame at every byte, or so many bytes apart; always around the end of its header."""
    always = {1, frame.HEADER_SIZE - 1, frame.HEADER_SIZE, frame.HEADER_SIZE + 1, len(data) - 1}
    for size in range(1, len(data)):
        if size in always or not size % stride:
            yield Spoilt(f"cut to {size} bytes", data[:size])


def flips(data: bytes, stride: int = 1) -> Iterator[Spoilt]:
    """Flip every bit of a frame, or so many bits apart."""
    for bit in range(0, 8 * len(data), stride):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Spoilt(f"bit {bit} flipped", bytes(flipped))


@dataclass
class Tally:
    """What became of spoilt frames."""

    frames: int = 0
    slowest: float = 0.0
    """Seconds from the end of a fault to the new data, at the most."""
    wrong: list[str] = field(default_factory=list)


class Stranger:
    """A Unix socket in the client's place, that says what it is told to."""

    def __init__(self, path: Path) -> None:
        """Listen at a path."""
        self.path = path
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.settimeout(DEADLINE)
        self._listening.bind(os.fspath(path))
        self._listening.listen()

    def __enter__(self) -> "Stranger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no longer, as a process that dies; the file stays. Safe to call again."""
        self._listening.close()

    def accept(self) -> socket.socket:
        """Wait for a server to connect."""
        connection, _ = self._listening.accept()
        connection.settimeout(DEADLINE)
        return connection


def spoil(frames: Iterable[Spoilt]) -> Tally:
    """Send a real server a good frame and a spoilt one, again and again, each pair anew."""
    tally, ended = Tally(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.sock"
        arguments = ("--host", "127.0.0.1", "--port", "0", "--socket", str(path))
        with (
            Stranger(path) as stranger,
            Program("server", *arguments) as server,
            Caller(server.port()) as caller,
        ):
            for number, spoilt in enumerate(frames, start=1):
                with stranger.accept() as connection:
                    _check(tally, caller, number - 1, f"before {spoilt.what}")
                    send(connection, good(number))
                    wait_until(lambda: caller.versions() == (number,), "it is served")  # noqa: B023
                    if ended:
                        tally.slowest = max(tally.slowest, time.monotonic() - ended)
                    send(connection, spoilt.data)
                ended = time.monotonic()
                tally.frames += 1
                _check(tally, caller, number, spoilt.what)
            stranger.accept().close()
            _check(tally, caller, tally.frames, "at the end")
    return tally


def _check(tally: Tally, caller: Caller, version: int, what: str) -> None:
    try:
        if (found := caller.versions()) != (version,):
            tally.wrong.append(f"{what}: {found} is served instead of {version}")
    except WrongAnswerError as error:
        tally.wrong.append(f"{what}: {error}")


def send(connection: socket.socket, data: bytes) -> None:
    """Send bytes to a server, which may have had enough of them before their end."""
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return
