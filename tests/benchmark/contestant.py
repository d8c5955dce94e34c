"""Contestants: the servers that are measured, and what they are asked to do."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tests.benchmark.scenario import Scenario

OURS = "this server"
FLOOR = "C floor"
NGINX = ("nginx", "nginx, read")
"""The two configurations; the better one is what others are compared with."""

LAST_MODIFIED = 784_111_777
"""Of the data, in seconds since the epoch, where a contestant must be told."""


class AbsentError(Exception):
    """A contestant cannot take part on this machine; the text says why."""


class FailedError(Exception):
    """A contestant did not start, or did not answer as it must; the text holds its own words."""


@dataclass(frozen=True)
class Offer:
    """What the contestants of a scenario are to answer with."""

    scenario: Scenario
    body: bytes
    answer: bytes = b""
    """The first contestant's whole answer to the scenario's request; empty as long as it has not
    answered."""


@dataclass(frozen=True)
class Started:
    """A contestant that listens on this machine."""

    port: int
    pid: int
    """Of its first process, which has started the others."""
    path: str = "/"
    """Where it has the data."""


class Contestant(Protocol):
    """One server, in one configuration."""

    @property
    def name(self) -> str:
        """Tell what it is called in the tables."""

    def version(self) -> str:
        """Tell what it is made of. Raises AbsentError."""

    def serving(self, offer: Offer) -> AbstractContextManager[Started]:
        """Run it for as long as the context lasts. Raises FailedError."""
