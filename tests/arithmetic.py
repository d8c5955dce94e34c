"""The arithmetic of the page on fan-out: what a number of callers costs. Pure."""

import math
from dataclasses import dataclass

BUSY = (
    0.5  # of a core, that a server is to be: the rest is for peaks, and for a neighbour's failure
)
CALLERS = 1_000_000
PERIODS = (15, 30, 60)  # seconds, of the third parties' endpoints

# What the README and the page on speed tell of a server: microseconds of a core for an answer of
# 1 kB, on a connection that is kept and on one of its own; and what an idle one takes a second.
KEPT, CLOSED, IDLE = 8.5, 41.9, 1.3


@dataclass(frozen=True)
class Callers:
    """So many callers, who each ask every so many seconds."""

    period: float
    kept: bool
    """Whether their connections are kept from one request to the next."""

    @property
    def rate(self) -> float:
        """Requests a second of all of them."""
        return CALLERS / self.period

    @property
    def servers(self) -> int:
        """How many servers, of a core each, answer them."""
        kept = self.rate * KEPT + CALLERS * IDLE
        return math.ceil((kept if self.kept else self.rate * CLOSED) / 1e6 / BUSY)

    def traffic(self, bytes_each: float) -> float:
        """Tell the bits a second for answers of so many bytes, in Mbit/s."""
        return self.rate * bytes_each * 8 / 1e6


def polls(periods: tuple[int, ...] = PERIODS) -> float:
    """Tell the polls a minute of one client."""
    return sum(60 / period for period in periods)


@dataclass(frozen=True)
class Tiers:
    """Gateways below, which poll the third parties, and edges, which poll those."""

    roots: int
    edges: int
    period: float
    """Seconds between two polls of an edge."""

    @property
    def upstream(self) -> float:
        """Requests a minute that the third parties see."""
        return self.roots * polls()

    @property
    def between(self) -> float:
        """Requests a minute that the root that answers sees."""
        return self.edges * 60 / self.period

    @property
    def changes(self) -> float:
        """Bodies a minute that an edge takes: no more than there is news, nor than it asks."""
        return min(polls(), 60 / self.period)

    def traffic(self, unchanged: float, changed: float) -> float:
        """Tell the kbit/s that leave the root, for bytes of answers without news, and with."""
        bodies = self.edges * self.changes
        return ((self.between - bodies) * unchanged + bodies * changed) * 8 / 60 / 1000
