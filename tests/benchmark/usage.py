"""Usage: the processor time and the memory that processes take, as the kernel counts them."""

import functools
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
GONE = (FileNotFoundError, ProcessLookupError)  # it ended while it was looked at
KB = 1024  # bytes, as proc(5) means it
BURN = 0.05  # seconds of processor time, after which a clock must have moved


@dataclass(frozen=True)
class Clock:
    """A clock of a process's processor time, user and system, all threads together."""

    name: str
    seconds: Callable[[int], float]


def _scheduled(pid: int) -> float:
    """In nanoseconds; without the time of threads that have ended."""
    total = 0
    for thread in (PROC / str(pid) / "task").glob("*/schedstat"):
        with suppress(*GONE):
            total += int(thread.read_text().split()[0])
    return total / 1e9


def _ticked(pid: int) -> float:
    """In ticks, of which a second has a hundred mostly; proc(5), fields 14 and 15."""
    with suppress(*GONE):
        fields = _stat(pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


SCHEDULED, TICKED = Clock("schedstat", _scheduled), Clock("ticks", _ticked)


@functools.cache
def clock() -> Clock:
    """Tell the best clock that this kernel has: not every one counts in schedstat."""
    before, until = _scheduled(os.getpid()), time.process_time() + BURN
    while time.process_time() < until:
        continue
    return SCHEDULED if _scheduled(os.getpid()) > before else TICKED


def family(pid: int) -> list[int]:
    """Tell a process and all that it and its children have started."""
    found = [pid]
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        with suppress(*GONE):
            children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    for parent in found:
        found += children.get(parent, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Tell the processor time that processes have taken."""
    return sum(clock().seconds(pid) for pid in pids)


def resident(pids: Iterable[int]) -> int:
    """Tell how many bytes they have resident; what two share counts twice."""
    total = 0
    for pid in pids:
        with suppress(*GONE):
            status = (PROC / str(pid) / "status").read_text()
            # One that has ended has none, and is there until it is waited for.
            total += int((status.partition("VmRSS:")[2].split() or ["0"])[0])
    return total * KB


def _stat(pid: int) -> list[str]:
    """Tell the fields behind the name, from the third on; proc(5)."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
