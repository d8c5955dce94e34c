"""Counters: what a server has done since it last told, once a minute and only if there was any."""

from dataclasses import dataclass

from shared.logs import Field


@dataclass(slots=True)
class Counters:
    """Counts of what happened since the last report."""

    requests: int = 0
    """Requests answered, those refused for the limit not counted."""
    refused: int = 0
    """Clients beyond the limit."""
    errors: int = 0
    """Of the requests, those answered with another 4xx or 5xx, malformed ones included."""
    cut: int = 0
    """Connections ended because they were too slow, or made room for others."""

    def report(self, clients: int, most: int) -> dict[str, Field] | None:
        """Tell the counts and begin anew; None where nothing happened.

        `clients` hold a slot now, `most` the most that did at a time since the last report.
        """
        told: dict[str, Field] = {
            "clients": clients,
            "most": most,
            "requests": self.requests,
            "refused": self.refused,
            "errors": self.errors,
            "cut": self.cut,
        }
        happened = self.requests or self.refused or self.errors or self.cut
        self.requests, self.refused, self.errors, self.cut = 0, 0, 0, 0
        return told if happened else None
