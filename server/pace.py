"""The pace at which a reader takes an answer, and when it is too slow. Pure.

What counts is what the peer has acknowledged: our kernel takes much at once, and then nothing for
as long as that lasts.
"""

WINDOW = 30.0  # seconds over which a reader is measured
LEAST_RATE = 1000  # bytes a second, over that window; slower than any modem
# Bytes a second at which a program may read what its kernel has taken at once, 135 kB and more, and
# says nothing of meanwhile. Without this, a steady 20 kB/s was cut for its silence.
SLOW_READING = 10_000
MOST_SILENCE = 4.0  # idle timeouts that a reader may be silent for, whatever its kernel has taken


class Pace:
    """One reader of one answer."""

    __slots__ = ("_begun", "_idle_timeout", "_read", "_taken", "_taken_before")

    def __init__(self, taken: int, now: float, idle_timeout: float) -> None:
        """Measure from now on, when so many bytes have been acknowledged; times are in seconds."""
        self._idle_timeout = idle_timeout
        self._read = now
        """When the peer's program must have read what was acknowledged."""
        self._taken = taken
        self._begun, self._taken_before = now, taken
        """When the window began, and what had been acknowledged then."""

    def fault(self, taken: int, now: float) -> str | None:
        """Tell why it is too slow, with so many bytes acknowledged by now; None where it is not."""
        if taken > self._taken:
            read = max(self._read, now) + (taken - self._taken) / SLOW_READING
            self._read = min(read, now + (MOST_SILENCE - 1) * self._idle_timeout)
            self._taken = taken
        if now - self._read > self._idle_timeout:
            return "it takes nothing"
        window = now - self._begun
        if window >= WINDOW:
            if taken - self._taken_before < LEAST_RATE * window:
                return "it takes too little"
            self._begun, self._taken_before = now, taken
        return None
