"""A soak: periods of hundredths of a second, faults all along; nothing may grow, nothing drift."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import median
from typing import Any

from tests.faults.endpoints import SOME
from tests.faults.installation import PERIODS, Installation
from tests.faults.kills import converge, told, under_load
from tests.processes import Program
from tests.serving import GET, reset_at_close

SECONDS = 300.0  # 6,000 beats of the quickest endpoint: a day of one that has 15 s
INTERVAL = 0.25  # seconds between two looks, and two mishaps
WARM_UP = 0.2  # of the time, until caches and pools have what they need
SLACK = 0.05  # of a figure; what the last third of the time may have more than the first
# Besides, a poll more may be under way, or a page more be in use: memory in kB.
ALLOWANCES = {"resident": 1024, "threads": 2, "descriptors": 2}
TOGETHER = 2 / 3  # of the beats; were there a drift within a tenth of the time, half would be
LATER = 0.02  # seconds; the machine's other work delays a beat by this much


@dataclass(frozen=True)
class Look:
    """What a process has at a moment."""

    resident: int
    """Memory, in kB."""
    threads: int
    descriptors: int
    lines: int
    """Of its log, so far."""


def look(program: Program) -> Look:
    """Look at a process."""
    threads = len(os.listdir(f"/proc/{program.pid}/task"))
    return Look(program.resident(), threads, program.open_files(), len(program.lines))


def run(tell: Callable[[str], None], seconds: float = SECONDS, later: float = LATER) -> bool:
    """Run for so long, and tell whether anything grew; False where it did, or callers saw it.

    No beat may be off its grid by more than `later` seconds in the end.
    """
    with under_load(SOME) as (whole, callers):
        looks = _watched(whole, seconds)
        converge(whole, callers)
        times = whole.record.times
    kept = told(tell, callers)
    for name, seen in looks.items():
        kept = told_growth(tell, name, seen) and kept
    return _told_drift(tell, times, later) and kept


def _watched(whole: Installation, seconds: float) -> dict[str, list[Look]]:
    """Let mishaps happen for so long; tell what client and servers had at each."""
    mishaps = _mishaps(whole)
    looks: dict[str, list[Look]] = {name: [] for name in ("client", *whole.servers)}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        next(mishaps)()
        time.sleep(INTERVAL)
        for name, seen in looks.items():
            seen.append(look(whole.program(name)))
    return looks


def _mishaps(whole: Installation) -> Iterator[Callable[[], None]]:
    """Tell what goes wrong next, for ever."""
    path = whole.folder / "snapshot.sock"
    ports = [server.port for server in whole.servers.values()]
    while True:
        for port, words in product(ports, (b"", GET[:8], GET * 50)):
            yield partial(_come_and_go, socket.AF_INET, ("127.0.0.1", port), words)
        for words in (b"", GET):
            yield partial(_come_and_go, socket.AF_UNIX, str(path), words)
        yield partial(path.unlink, missing_ok=True)


def _come_and_go(family: int, address: Any, words: bytes) -> None:
    """Connect, say something, and be gone with a reset."""
    with socket.socket(family, socket.SOCK_STREAM) as stranger:
        try:
            stranger.connect(address)
            stranger.sendall(words)
        except OSError:
            return  # the socket's file has been taken away, and is not back yet
        reset_at_close(stranger)


def told_growth(tell: Callable[[str], None], name: str, looks: Sequence[Look]) -> bool:
    """Tell what a process had early and late; False where it has grown."""
    steady = looks[int(WARM_UP * len(looks)) :]
    third = len(steady) // 3
    early, late = steady[: third + 1], steady[-third - 1 :]
    kept = True
    for figure, allowance in ALLOWANCES.items():
        before, after = (median(getattr(each, figure) for each in part) for part in (early, late))
        tell(f"{name}: {figure} {before:,.0f} early, {after:,.0f} late")
        kept = kept and after <= before * (1 + SLACK) + allowance
    before, after = (part[-1].lines - part[0].lines for part in (early, late))
    tell(f"{name}: lines of the log {before:,} early, {after:,} late")
    return kept and after <= before * (1 + SLACK) + 4 * before**0.5 + 10


def drift(times: Sequence[float], period: float) -> float | None:
    """Tell by how much the beats of the last tenth are off the grid of those of the first.

    All in seconds; beats may be missing. None where there is no telling, since they lie anywhere.
    """
    tenth = max(1, len(times) // 10)
    early, late = (_phase(part, times[0], period) for part in (times[:tenth], times[-tenth:]))
    return None if early is None or late is None else late - early


def _phase(times: Sequence[float], start: float, period: float) -> float | None:
    """Tell how far behind the grid most of the times lie; None where they do not lie together."""
    offsets = [(each - start + period / 2) % period - period / 2 for each in times]
    middle = median(offsets)
    near = sum(abs(each - middle) <= period / 4 for each in offsets)
    return middle if near >= TOGETHER * len(offsets) else None


def _told_drift(
    tell: Callable[[str], None], times: Sequence[Sequence[float]], later: float
) -> bool:
    """Tell how far each endpoint's beat has drifted; False where the slowest one's has.

    A late poll is late by as much of a short period as makes it look like an early one.
    """
    for number, period in enumerate(PERIODS):
        off = drift(times[number], period)
        told_off = "no telling" if off is None else f"{1000 * off:.1f} ms"
        tell(f"endpoint {number}: drift of the beat in {len(times[number]):,} polls: {told_off}")
    return off is not None and abs(off) <= later
