"""The status: what a program tells of itself when it is asked, the parts that both have.

The programs answer with JSON objects made of these values; `python -m … status` shows them.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared import boot_clock, inquiry, logs
from shared.snapshot import Snapshot
from shared.text import well_formed
from shared.version import VERSION


@dataclass(frozen=True)
class Life:
    """Since when a program runs."""

    began: float
    """In seconds of the boot clock."""
    wall: float
    """In seconds since the epoch."""

    @staticmethod
    def begin() -> "Life":
        """Begin now."""
        return Life(boot_clock.now(), time.time())


@dataclass(frozen=True)
class ProgramStatus:
    """What every status begins with."""

    program: str
    version: str
    started: float
    """In seconds since the epoch, by the clock of that time."""
    uptime: float
    """Seconds."""
    health: str
    """`ok`, or what is wrong."""
    log_lines_dropped: int
    """Since the start, see `shared.log_queue`."""

    @staticmethod
    def of(program: str, life: Life, now: float, health: str) -> "ProgramStatus":
        """Return that of this program; `now` is the boot clock."""
        uptime = now - life.began
        return ProgramStatus(program, VERSION, life.wall, uptime, health, logs.dropped())


@dataclass(frozen=True)
class SnapshotStatus:
    """The snapshot that a program has pushed, or holds."""

    items: int
    bytes: int
    """Of the identity coding."""
    gzip_bytes: int
    age: float
    """Seconds since the last success of the endpoint that is longest without one."""
    last_modified: int
    """In seconds since the epoch."""
    digest: str
    """Hexadecimal: what the entity tag of the identity coding holds."""

    @staticmethod
    def of(snapshot: Snapshot, age: float) -> "SnapshotStatus":
        """Tell that of a snapshot of some age in seconds."""
        return SnapshotStatus(
            snapshot.items,
            len(snapshot.identity),
            len(snapshot.gzip),
            age,
            snapshot.last_modified,
            snapshot.identity_digest.hex(),
        )


class Told(Protocol):
    """A status of a program."""

    @property
    def program(self) -> ProgramStatus:
        """What every status begins with."""


def answers(status: Callable[[], Told]) -> Mapping[str, Callable[[], str]]:
    """Make the answers to all inquiries of what tells the status at the moment."""
    return {
        inquiry.STATUS: lambda: document(status()),
        inquiry.HEALTH: lambda: status().program.health,
        inquiry.LIVE: lambda: inquiry.OK,
    }


def document(status: Any) -> str:
    """Render a status, which is a dataclass, as a JSON object."""
    return json.dumps(dataclasses.asdict(status, dict_factory=_valid), ensure_ascii=False)


def _valid(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object that every reader of JSON takes: a path may be no UTF-8."""
    return {name: well_formed(v) if isinstance(v, str) else v for name, v in pairs}
