"""Moments: points in time that a process which starts later can measure from."""

import time
from dataclasses import dataclass
from pathlib import Path

from shared import boot_clock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # random(4)


@dataclass(frozen=True)
class Moment:
    """A moment, as the machine's clocks show it."""

    wall: float
    """Seconds since the epoch; it jumps when the clock is set."""
    uptime: float
    """Seconds since the machine's boot, see `shared.boot_clock`."""
    boot: str
    """Which boot that was; empty where the system does not tell."""

    @staticmethod
    def now() -> "Moment":
        """Return the present one."""
        return Moment(time.time(), boot_clock.now(), _boot())

    def since(self, wall: float, uptime: float, boot: str) -> float:
        """Tell how many seconds ago a moment was, be it one of an earlier process; never below 0.

        Across a boot there is but the wall clock to go by.
        """
        same = boot != "" and boot == self.boot
        return max(0.0, self.uptime - uptime if same else self.wall - wall)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
