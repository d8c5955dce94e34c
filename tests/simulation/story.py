"""The story of a schedule: what happened, and when."""

import hashlib
from collections.abc import Callable

from tests.simulation.clock import START, Clock


class Story:
    """The lines of a story; two runs of a seed must tell the same."""

    def __init__(self, clock: Clock, tell: Callable[[str], None] | None = None) -> None:
        """Begin; `tell` is called with each line at once."""
        self._clock = clock
        self._tell = tell
        self.lines: list[str] = []

    def add(self, who: str, what: str) -> None:
        """Add a line."""
        self.lines.append(self._line(who, what))
        if self._tell:
            self._tell(self.lines[-1])

    def remark(self, who: str, what: str) -> None:
        """Tell what is of interest to a reader, and no part of the story."""
        if self._tell:
            self._tell(self._line(f"  {who}", what))

    def _line(self, who: str, what: str) -> str:
        return f"{self._clock.monotonic() - START:9.4f}  {who:<9} {what}"

    def digest(self) -> str:
        """Tell what no other story has."""
        return hashlib.blake2b("\n".join(self.lines).encode(), digest_size=16).hexdigest()
