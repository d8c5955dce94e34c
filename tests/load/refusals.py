"""Refusals: what clients within the limit feel of the thousands a second that are beyond it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.load.outcome import REFUSED
from tests.load.server import serving
from tests.load.worker import Worker, workers

CLIENTS = 10  # within the limit, which is as many
RATE = 5200  # clients beyond it, a second; over 5000 also where the last ones come a bit late
SECONDS = 3.0  # that a measurement lasts
LEAD = 0.5  # seconds that the flood begins before it, and ends after it
PAIRS = 7  # measurements, in quiet and under the flood by turns
MEDIAN, SLOWEST = 3.0, 5.0  # times as long as in quiet, at the most: median and 99th percentile


@dataclass(frozen=True)
class Pair:
    """Two measurements, each median and 99th percentile in seconds, and the flood of the second."""

    quiet: tuple[float, float]
    flooded: tuple[float, float]
    tally: dict[str, int]
    """Of those who came in the flood: how many had which outcome."""
    seconds: float
    """How long it took until the last of them had it."""

    @property
    def row(self) -> str:
        """Tell it as a row of a table."""
        figures = (f"{1e6 * figure:.0f}" for figure in (*self.quiet, *self.flooded))
        refused = self.tally.get(REFUSED, 0)
        return f"| {refused:,} | {refused / self.seconds:,.0f} | {' | '.join(figures)} |"


def run(tell: Callable[[str], None]) -> bool:
    """Measure in quiet and under the flood by turns; False where a promise is broken."""
    tell("| refused | a second | quiet: median, µs | 99 % | flooded: median, µs | 99 % |")
    tell("|--:|--:|--:|--:|--:|--:|")
    pairs = []
    with (
        serving(CLIENTS, idle_timeout=60.0) as server,
        workers(2, server.port()) as (inside, outside),
    ):
        inside.do("connect", CLIENTS)
        inside.do("ask at once")
        for _ in range(PAIRS):
            pairs.append(_measure(inside, outside))
            tell(pairs[-1].row)
    ratios = [
        median(pair.flooded[column] / pair.quiet[column] for pair in pairs) for column in (0, 1)
    ]
    tell(f"in the median {ratios[0]:.2f} × as long, the slowest hundredth {ratios[1]:.2f} ×")
    others = [pair.tally for pair in pairs if pair.tally != {REFUSED: _floods()}]
    if others:
        tell(f"not all were refused: {others}")
    return not others and ratios[0] <= MEDIAN and ratios[1] <= SLOWEST


def _floods() -> int:
    """Tell how many clients come in one flood."""
    return int(RATE * (SECONDS + 2 * LEAD))


def _measure(inside: Worker, outside: Worker) -> Pair:
    quiet = inside.do("measure", SECONDS)
    outside.begin("flood", RATE, SECONDS + 2 * LEAD)
    time.sleep(LEAD)
    flooded = inside.do("measure", SECONDS)
    tally, seconds = outside.result()
    return Pair(quiet, flooded, tally, seconds)
