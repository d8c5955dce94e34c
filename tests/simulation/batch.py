"""Many schedules, on all cores, and a summary of them."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.simulation import schedule
from tests.simulation.promises import BrokenError

SCHEDULES = 10_000
CHUNK = 50  # schedules handed to a process at a time
MOST_BROKEN = 10  # after which no more are run


@dataclass
class Tally:
    """What became of some schedules."""

    schedules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault was, in those that were not broken."""
    broken: list[str] = field(default_factory=list)
    """What was broken, and how to replay it."""

    def add(self, other: "Tally") -> None:
        """Count others in."""
        self.schedules += other.schedules
        self.counts += other.counts
        self.broken += other.broken

    def summary(self) -> str:
        """Tell it in a line."""
        counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.counts.items()))
        return f"{self.schedules:,} schedules, {len(self.broken)} broken; {counts}"


def tally(seeds: range) -> Tally:
    """Run the schedules of some seeds, up to the most that may be broken."""
    found = Tally()
    for seed in seeds:
        found.schedules += 1
        try:
            found.counts += schedule.run(seed).counts
        except BrokenError as error:
            found.broken.append(str(error))
            if len(found.broken) >= MOST_BROKEN:
                break
    return found


def run(
    tell: Callable[[str], None], schedules: int = SCHEDULES, first: int = 0, jobs: int | None = None
) -> bool:
    """Run so many schedules, from a first seed on; tell what was broken, and a summary.

    True where nothing was broken. On all cores unless it is told how many `jobs` there may be.
    """
    found = Tally()
    for each in _tallies(range(first, first + schedules), jobs or os.cpu_count() or 1):
        for broken in each.broken:
            tell(broken)
        found.add(each)
        if len(found.broken) >= MOST_BROKEN:
            break
    tell(found.summary())
    return not found.broken


def _tallies(seeds: range, jobs: int) -> Iterator[Tally]:
    """Run the schedules in chunks; those that nobody waits for any more are given up."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        yield from map(tally, chunks)
        return
    # Spawned: a fork would take along whatever the caller has open.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(tally, chunks)
