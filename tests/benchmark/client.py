"""The client's cost for heavy data: three endpoints of a million strings each, half of them shared.

The real client polls played endpoints and pushes to real servers. What that costs is held against
its bounds, and the processor time against a yardstick taken in the same run: what `json` alone
takes to read the three bodies and to write the merged array.
"""

import json
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from tests.demo.behaviours import array, body
from tests.demo.endpoints import Endpoints
from tests.demo.exchange import Behaviour, Exchange
from tests.processes import Program
from tests.support import wait_until

STRINGS = 1_000_000  # of each endpoint
ENDPOINTS = 3
SERVERS = 20
ROUNDS = 3  # of the yardstick and the client in turn; the median counts, of memory the most

MOST_CPU = 8.0  # times the yardstick
MOST_PEAK = 12.0  # times the size of the bodies
MOST_REST, REST_BEYOND = 3.0, 30e6  # times the size of the bodies, and bytes more
MOST_LATE = 0.05  # seconds
MOST_FIRST = 2.0  # times as long until the first of many servers has it as until a single one has

BEAT = 0.25  # seconds between two polls of the light endpoint beside the heavy ones
LONG = 3600  # seconds between two polls of a heavy one: there is one
DEADLINE = 120.0  # seconds for anything to come about
QUIET = 1.0  # seconds without work, after which the client is at rest


@dataclass(frozen=True)
class Cost:
    """What it cost to bring the endpoints' data to the servers."""

    seconds: float
    """From the answers' begin until the last server has the snapshot."""
    cpu: float
    """Seconds of the client's processor time."""
    peak: float
    """Bytes that the client had resident at the most."""
    rest: float
    """Bytes that it has resident afterwards."""
    sent: int
    """Bytes of payload that went over the socket to each server."""
    first: float
    """Seconds from the push until the first server has the snapshot."""
    lines: Sequence[str]
    """What the client logged, up to its stop."""

    def latest(self) -> float:
        """Tell by how many seconds the loop was late at the most, where a heart beat on it."""
        told = next(line for line in self.lines if "heart stopped" in line)
        return float(told.partition("latest=")[2])


@dataclass(frozen=True)
class Figure:
    """What was measured, and the most that it may be."""

    name: str
    found: float
    most: float

    @property
    def row(self) -> str:
        """Tell it as a row of a table."""
        missed = "" if self.found <= self.most else ", missed"
        return f"| {self.name} | {self.found:.3g} | {self.most:.3g}{missed} |"


def run(tell: Callable[[str], None]) -> bool:
    """Measure, and tell each figure with its bound; False where one is missed."""
    bodies = heavy_bodies(STRINGS)
    figures = _figures(bodies, sum(map(len, bodies)))
    title = f"### The client, {ENDPOINTS} endpoints of {STRINGS:,} strings, half of them shared"
    rows = [title, "", "| | found | at most |", "|--|--:|--:|", *(each.row for each in figures)]
    tell("\n".join(rows))
    return all(figure.found <= figure.most for figure in figures)


def _figures(bodies: Sequence[bytes], size: int) -> list[Figure]:
    rounds = [(json_alone(bodies), measure(bodies)) for _ in range(ROUNDS)]
    alone = [cost for _, cost in rounds]
    ratio = median(cost.cpu / yardstick for yardstick, cost in rounds)
    first = median(cost.first for cost in alone)
    many = measure(bodies, servers=SERVERS)
    beating = measure(bodies, program="tests.benchmark.heartbeat", light=True)
    return [
        Figure("CPU time, times that of `json` alone", ratio, MOST_CPU),
        Figure("memory at the peak, MB", max(c.peak for c in alone) / 1e6, MOST_PEAK * size / 1e6),
        Figure(
            "memory at rest, MB",
            max(c.rest for c in alone) / 1e6,
            (MOST_REST * size + REST_BEYOND) / 1e6,
        ),
        Figure("the loop late by, s", beating.latest(), MOST_LATE),
        Figure("beats missed", sum("beats missed" in line for line in beating.lines), 0),
        Figure(f"s until the first of {SERVERS} servers has it", many.first, MOST_FIRST * first),
    ]


def heavy_bodies(strings: int) -> list[bytes]:
    """Make the endpoints' bodies: arrays of random hexadecimal strings, half of them in each."""
    chance = random.Random(strings)

    def some(count: int) -> list[str]:
        return [f"{chance.getrandbits(32):08x}" for _ in range(count)]

    shared = some(strings // 2)
    arrays = [shared + some(strings - len(shared)) for _ in range(ENDPOINTS)]
    return [json.dumps(strings, separators=(",", ":")).encode() for strings in arrays]


def json_alone(bodies: Sequence[bytes]) -> float:
    """Tell the processor time, in seconds, that `json` takes to read them and write the whole."""
    started = time.process_time()
    arrays = [json.loads(data) for data in bodies]
    read = time.process_time() - started
    merged = list(dict.fromkeys(string for strings in arrays for string in strings))
    started = time.process_time()
    json.dumps(merged, separators=(",", ":"))
    return read + time.process_time() - started


def measure(
    bodies: Sequence[bytes], servers: int = 1, program: str = "client", light: bool = False
) -> Cost:
    """Have a client poll these bodies once and push to so many servers; tell what it cost.

    `light` puts a small endpoint beside them that is polled often.
    """
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="gateway-")))
        endpoints = running.enter_context(Endpoints())
        gate = threading.Event()
        urls = [f"{LONG}={endpoints.url(f'/{number}')}" for number in range(len(bodies))]
        for number, data in enumerate(bodies):
            endpoints.play(f"/{number}", _behind(gate, body(data)))
        if light:
            urls.append(f"{BEAT}={endpoints.url('/light')}")
            endpoints.play("/light", array(["light000"]))
        # Before the client: it waits for all to be polled, but not for longer than 2 s.
        served = [running.enter_context(_server(folder)) for _ in range(servers)]
        for server in served:
            server.wait_for("server started")
        ours = running.enter_context(_client(program, folder, urls, max(map(len, bodies))))
        wait_until(lambda: len(ours.logged("server connected")) == servers, "all are connected")
        wait_until(lambda: len(endpoints.requests) >= len(urls), "all are polled")
        return _watch(ours, served, gate, len(urls))


def _behind(gate: threading.Event, behaviour: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        gate.wait(DEADLINE)
        behaviour(exchange)

    return behave


def _client(program: str, folder: Path, urls: Sequence[str], most: int) -> Program:
    arguments = ["--socket", str(folder / "snapshot.sock"), "--max-body", str(most)]
    arguments += ["--timeout", f"{DEADLINE:g}"]
    for url in urls:
        arguments += ["--endpoint", url]
    return Program(program, *arguments)


def _server(folder: Path) -> Program:
    socket = str(folder / "snapshot.sock")
    return Program("server", "--socket", socket, "--host", "127.0.0.1", "--port", "0")


def _watch(ours: Program, served: Sequence[Program], gate: threading.Event, polls: int) -> Cost:
    """Open the gate, and tell what became of it once all is quiet again."""
    started, cpu = time.time(), ours.cpu_seconds()
    gate.set()
    wait_until(lambda: len(_answered(ours)) == polls, "all have answered", DEADLINE)
    wait_until(lambda: ours.logged("snapshot pushed"), "it is pushed", DEADLINE)
    _wait_for_quiet(ours)
    cpu = ours.cpu_seconds() - cpu
    pushed = ours.logged("snapshot pushed")[-1]
    data = re.search(r"items=\d+ bytes=\d+", pushed)
    assert data, pushed
    received = sorted(_stamp(server.wait_for("snapshot received", data[0])) for server in served)
    peak, rest = 1024 * ours.peak(), 1024 * ours.resident()
    ours.stop()
    return Cost(
        seconds=received[-1] - started,
        cpu=cpu,
        peak=peak,
        rest=rest,
        sent=_number(pushed, "bytes") + _number(pushed, "gzip"),
        first=received[0] - _stamp(pushed),
        lines=ours.lines,
    )


def _answered(ours: Program) -> set[str]:
    """Tell the endpoints that have answered well."""
    return {line.split("endpoint=")[1].split()[0] for line in ours.logged("outcome=ok")}


def _wait_for_quiet(ours: Program) -> None:
    """Return once the client has done next to nothing for a while."""
    before = -1.0
    while (now := ours.cpu_seconds()) > before + 0.1 * QUIET:
        before = now
        time.sleep(QUIET)


def _stamp(line: str) -> float:
    """Tell when a line was logged, in seconds since the epoch."""
    return datetime.fromisoformat(line.split()[0]).timestamp()


def _number(line: str, name: str) -> int:
    found = re.search(rf" {name}=(\d+)", line)
    assert found, line
    return int(found[1])
