"""The clocks of a simulated machine."""

import time

START = 1000.0  # seconds since the boot
EPOCH = 1_800_000_000.0  # what the wall clock shows at the start


class Clock:
    """A clock that goes when it is told to, and a wall clock beside it that can be set."""

    def __init__(self) -> None:
        """Begin some time after the boot."""
        self._now = START
        self._ahead = EPOCH - START

    def monotonic(self) -> float:
        """Tell the time since the boot, in seconds."""
        return self._now

    def wall(self) -> float:
        """Tell what the wall clock shows, in seconds since the epoch."""
        return self._now + self._ahead

    def gettime(self, clock: int) -> float:
        """Tell the time by a clock of clock_gettime(2)."""
        return self.wall() if clock == time.CLOCK_REALTIME else self._now

    def advance(self, seconds: float) -> None:
        """Have some time pass."""
        self._now += seconds

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock forward, or back, by so many seconds."""
        self._ahead += seconds
