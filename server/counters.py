"""Counters: what a server has done since its start, and since it last told."""

from collections import Counter
from dataclasses import dataclass, field

from shared.logs import Field


@dataclass(slots=True)
class Counters:
    """Counts of what happened since the start."""

    requests: int = 0
    """Requests answered, those refused for the limit not counted."""
    refused: int = 0
    """Clients beyond the limit."""
    errors: Counter[int] = field(default_factory=Counter)
    """Of the requests, those answered with another 4xx or 5xx, malformed ones included, by status.
    """
    cut: int = 0
    """Connections ended because they were too slow, or made room for others."""
    _told: dict[str, int] = field(default_factory=dict)
    """What there was at the last report."""

    def report(self, clients: int, most: int) -> dict[str, Field] | None:
        """Tell what happened since the last report; None where nothing did.

        `clients` hold a slot now, `most` the most that did at a time since the last report.
        """
        counts = {
            "requests": self.requests,
            "refused": self.refused,
            "errors": self.errors.total(),
            "cut": self.cut,
        }
        news = {name: count - self._told.get(name, 0) for name, count in counts.items()}
        self._told = counts
        return {"clients": clients, "most": most, **news} if any(news.values()) else None
