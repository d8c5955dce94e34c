"""Scenarios: what is asked, how much the answer holds, and over how many connections. Data."""

from dataclasses import dataclass
from http import HTTPStatus

KILOBYTE, HUNDRED, MILLION = 91, 10_000, 1_000_000  # strings: 1 kB, 110 kB and 11 MB of JSON


@dataclass(frozen=True)
class Scenario:
    """One scenario, which all contestants play."""

    name: str
    """By which the command line calls it."""
    title: str
    strings: int
    connections: int
    closes: bool = False
    """Whether each connection ends with its answer."""
    conditional: bool = False
    """Whether the client has the data already, and says so."""
    beyond: int = 0
    """How many connections come beyond the limit, which is then that of the others."""

    @property
    def limit(self) -> int:
        """How many clients a contestant is told to let in."""
        return self.connections if self.beyond else 2 * self.connections

    @property
    def status(self) -> HTTPStatus:
        """What a right answer has."""
        return HTTPStatus.NOT_MODIFIED if self.conditional else HTTPStatus.OK

    @property
    def weighs(self) -> bool:
        """Whether bytes a second say more than answers a second."""
        return self.strings >= HUNDRED and not self.conditional

    def fields(self, tag: str) -> list[str]:
        """Tell the header fields of the request, `tag` being the data's entity tag."""
        fields = ["Connection: close"] if self.closes else []
        return fields + ([f"If-None-Match: {tag}"] if self.conditional else [])


SCENARIOS = (
    Scenario("keep-alive", "1 kB, 64 connections", KILOBYTE, 64),
    Scenario("close", "1 kB, `Connection: close`", KILOBYTE, 64, closes=True),
    Scenario("304", "304, 64 connections", KILOBYTE, 64, conditional=True),
    Scenario("110kB", "110 kB, 64 connections", HUNDRED, 64),
    # So few that the answers under way at the end of a round, which nobody counts, do not matter.
    Scenario("11MB", "11 MB, 8 connections", MILLION, 8),
    Scenario("2000", "1 kB, 2,000 connections", KILOBYTE, 2000),
    Scenario("refused", "1 kB, 32 clients inside, 32 beyond", KILOBYTE, 32, beyond=32),
)
