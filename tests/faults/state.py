"""The state file: its writer is killed at each instant, and clients that write it at random."""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from client.endpoint import parse_endpoint
from client.state import StateError
from tests.demo.endpoints import Endpoints
from tests.faults import instants
from tests.faults.changing import Changing
from tests.faults.model import Versions, WrongAnswerError, newest
from tests.faults.subscriber import Subscriber, kept
from tests.processes import Program

# The way, the strings of each of two endpoints, and the kills left out between two.
SURVEYS = (
    ("system call", 3, 1),
    ("system call", 100_000, 1),
    ("call", 3, 1),
    ("call", 100_000, 1),
    ("byte", 3, 1),
    ("byte", 1000, 7),
)
CLIENTS = 200
PERIOD = 0.02  # seconds from poll to poll; each brings something new
LONGEST = 0.15  # seconds that a client pushes before it is killed


def run(tell: Callable[[str], None]) -> bool:
    """Kill the writer at each step, then whole clients; False where a file was not as promised."""
    tell("| killed at each | strings | kills | old | new | half beside | wrong |")
    tell("|---|--:|--:|--:|--:|--:|--:|")
    wrong = list[str]()
    for way, items, stride in SURVEYS:
        found = instants.surveyed(way, items, stride)
        if found.refused:
            tell(f"| {way} | {2 * items:,} | 0: {found.refused} | | | | |")
            continue
        tell(
            f"| {way} | {2 * items:,} | {found.kills:,} | {found.old:,} | {found.new:,} | "
            f"{found.beside:,} | {len(found.wrong)} |"
        )
        wrong += found.wrong
    seed = random.randrange(1 << 32)
    tally = killed_clients(CLIENTS, seed)
    tell(
        f"{tally.kills} clients killed at random (seed {seed}): {tally.frames:,} snapshots were in "
        f"the file before they were pushed, {tally.newer} times the file was newer than all that "
        f"had been, {len(tally.wrong)} times it was wrong"
    )
    for line in wrong + tally.wrong:
        tell(line)
    return not wrong and not tally.wrong


@dataclass
class Tally:
    """What clients that were killed had pushed, and what they had kept."""

    kills: int = 0
    frames: int = 0
    """Snapshots that a server got, after each of which the file was read."""
    newer: int = 0
    """Kills after which the file held more than had been pushed."""
    wrong: list[str] = field(default_factory=list)


def killed_clients(count: int, seed: int) -> Tally:
    """Kill so many clients, one after the other, while each poll brings something new."""
    chance, tally = random.Random(seed), Tally()
    with tempfile.TemporaryDirectory() as folder, Endpoints() as endpoints:
        endpoints.play("/", Changing())
        life = _Life(Path(folder), f"{PERIOD:g}={endpoints.url('/')}", tally)
        for _ in range(count):
            life.live(LONGEST * chance.random())
    return tally


class _Life:
    """Clients that live for a moment each, on the same state file."""

    def __init__(self, folder: Path, endpoint: str, tally: Tally) -> None:
        self._socket = folder / "snapshot.sock"
        self._endpoint = endpoint
        self._file = folder / "state.json"
        self._tally = tally
        self._pushed: Versions = (0,)

    def live(self, seconds: float) -> None:
        """Start a client, and kill it so many seconds after its first snapshot has come."""
        tally = self._tally
        with Program(
            "client", "--socket", str(self._socket), "--endpoint", self._endpoint
        ) as client:
            client.wait_for("client started")
            with Subscriber(self._socket) as server:
                self._take(server)
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    self._take(server)
                client.kill()
                self._take_the_rest(server)
        tally.kills += 1
        tally.newer += self._kept(f"kill {tally.kills}") > self._pushed

    def _take(self, server: Subscriber) -> None:
        """Take a snapshot and look at once whether it is in the file."""
        versions = server.versions()
        if versions < self._pushed:
            self._tally.wrong.append(f"{versions} was pushed after {self._pushed}")
        self._pushed = newest(self._pushed, versions)
        self._tally.frames += 1
        self._kept(f"snapshot {self._tally.frames}")

    def _take_the_rest(self, server: Subscriber) -> None:
        try:
            while True:
                self._take(server)
        except EOFError:
            return

    def _kept(self, when: str) -> Versions:
        """Tell what the file holds: never less than what has been pushed."""
        try:
            found = kept(self._file, [parse_endpoint(self._endpoint)])
        except (StateError, WrongAnswerError) as error:
            self._tally.wrong.append(f"{when}: {error}")
            return self._pushed
        if found < self._pushed:
            self._tally.wrong.append(f"{when}: {found} is in the file, {self._pushed} was pushed")
        return found
