"""The record of an endpoint: what has become of its polls since the start."""

from dataclasses import dataclass


@dataclass(slots=True)
class Record:
    """Counts, and the last failure; moments are in seconds of the boot clock."""

    polls: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    last_error: str | None = None
    failed: float | None = None
    """When the last failure was."""
    next_poll: float | None = None
    """When the next poll is due; None while one is under way."""

    def succeed(self) -> None:
        """Count a poll that ended well."""
        self.polls += 1
        self.failures_in_a_row = 0

    def fail(self, reason: str, now: float) -> None:
        """Count a poll that failed."""
        self.polls += 1
        self.failures += 1
        self.failures_in_a_row += 1
        self.last_error, self.failed = reason, now
