"""Updates: what clients feel of snapshots of 11 MB that arrive every second; our server only."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmark import data
from tests.benchmark.arrivals import EVERY, Arrivals
from tests.benchmark.asking import ask
from tests.benchmark.contestant import FailedError, Started
from tests.benchmark.figures import Measurement
from tests.benchmark.ours import serving
from tests.benchmark.race import Plan, Tell, measure
from tests.benchmark.reader import Reader
from tests.benchmark.scenario import MILLION, Scenario
from tests.benchmark.table import duration, grid
from tests.processes import Program

# `If-None-Match: *` gets a small answer of whichever snapshot there is.
SMALL = Scenario("304", "304, 64 connections", MILLION, 64, conditional=True)
WHOLE = Scenario("11MB", "11 MB, 8 connections", MILLION, 8)
ANY = "*"
LIMIT = 1000  # clients, more than come


@dataclass
class Pairs:
    """Measurements of one kind of answers, in quiet and while snapshots arrive, by turns."""

    title: str
    quiet: list[Measurement] = field(default_factory=list)
    arriving: list[Measurement] = field(default_factory=list)


@dataclass
class Updates:
    """What became of it."""

    pairs: list[Pairs] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """What the reader saw beside the load of whole bodies."""
    sent: int = 0
    """Snapshots."""
    received: int = 0
    """How many of them; a server that is late is promised the newest, not each."""

    def faults(self) -> list[str]:
        """Tell what did not come as promised."""
        measured = [each for pairs in self.pairs for each in pairs.quiet + pairs.arriving]
        faults = [f"requests failed: {each.load.errors}" for each in measured if each.load.errors]
        if set(self.seen) != {"body 1", "body 2"}:
            faults.append(f"not the two snapshots, whole, and nothing else: {self.seen}")
        return faults


def run(plan: Plan, progress: Tell) -> Updates:
    """Measure pair after pair. Raises FailedError, AssertionError or RuntimeError."""
    found = Updates()
    bodies = [data.body(MILLION, edition) for edition in (0, 1)]
    with ExitStack() as running:
        progress("updates: rendering two snapshots")
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="gateway-"))
        path = Path(folder) / "snapshot.sock"
        arrivals = running.enter_context(Arrivals(path, MILLION))
        server = running.enter_context(serving(path, LIMIT))
        found.pairs = [_measure(SMALL, server, arrivals, plan, progress)]
        with Reader(server.port(), bodies) as reader:
            found.pairs.append(_measure(WHOLE, server, arrivals, plan, progress))
        found.seen = dict(reader.seen)
        found.sent = len(found.pairs) * plan.rounds * _count(plan)
        first = 1  # snapshot that was there before
        found.received = len(server.logged("snapshot received")) - first
    return found


def _measure(
    scenario: Scenario, server: Program, arrivals: Arrivals, plan: Plan, progress: Tell
) -> Pairs:
    started, fields = Started(server.port(), server.pid), scenario.fields(ANY)
    status = ask(started.port, started.path, fields).status
    if status != scenario.status:
        raise FailedError(f"it answers {status}, not {scenario.status}")
    pairs = Pairs(scenario.title)
    for number in range(plan.rounds):
        # Each of the two comes first by turns.
        for arriving in (bool(number % 2), not number % 2):
            progress(f"updates, {scenario.name}: pair {number + 1} of {plan.rounds}")
            if arriving:
                arrivals.begin(_count(plan))
            measured = measure(scenario, started, fields, plan.seconds)
            (pairs.arriving if arriving else pairs.quiet).append(measured)
    return pairs


def _count(plan: Plan) -> int:
    """Tell how many arrive in a measurement."""
    return max(1, round(plan.seconds / EVERY))


_COLUMNS: tuple[tuple[str, Callable[[Measurement], float], Callable[[float], str]], ...] = (
    ("answers/s", lambda each: each.load.rate, lambda value: f"{value:,.0f}"),
    ("MB/s", lambda each: each.load.throughput / 1e6, lambda value: f"{value:,.0f}"),
    ("p50", lambda each: each.load.p50, duration),
    ("p99", lambda each: each.load.p99, duration),
    ("slowest", lambda each: each.load.slowest, duration),
    ("CPU an answer", lambda each: each.cpu_per_answer, duration),
)
"""A head, the figure of a measurement, and how it is rendered."""


def table(updates: Updates) -> str:
    """Render medians, and the median of what each pair says of how many times as much it is."""
    rows = []
    for pairs in updates.pairs:
        for title, measured in (("quiet", pairs.quiet), ("arriving", pairs.arriving)):
            medians = [render(median(map(tell, measured))) for _, tell, render in _COLUMNS]
            rows.append([f"{pairs.title}: {title}", *medians])
        both = list(zip(pairs.arriving, pairs.quiet, strict=True))
        ratios = [median(tell(a) / tell(q) for a, q in both) for _, tell, _ in _COLUMNS]
        rows.append(["times as much", *(f"{ratio:.2f}" for ratio in ratios)])
    seen = ", ".join(f"{count} × {name}" for name, count in sorted(updates.seen.items()))
    arrived = f"{updates.received} of {updates.sent} snapshots arrived"
    return "\n".join(
        [
            "### This server, a snapshot of 11 MB arriving every second",
            "",
            grid(["", *(head for head, _, _ in _COLUMNS)], rows),
            "",
            f"{arrived}; whole answers that were looked at: {seen}.",
            *updates.faults(),
        ]
    )
