"""The server's status: the figures that it tells when it is asked. Pure."""

from dataclasses import dataclass

from shared.inquiry import OK
from shared.status import ProgramStatus, SnapshotStatus


@dataclass(frozen=True)
class ClientsStatus:
    """The clients of the server, whom the limit counts."""

    now: int
    most: int
    """At a time, since the start."""
    limit: int
    connections: int
    """Open ones, of clients and of strangers."""


@dataclass(frozen=True)
class AnswersStatus:
    """What was answered since the start."""

    requests: int
    """Those refused for the limit not counted."""
    refused: int
    cut: int
    """Connections that were too slow, or made room for others."""
    errors: dict[int, int]
    """Of the requests, those answered with another 4xx or 5xx, by status."""


@dataclass(frozen=True)
class LinkStatus:
    """The connection to the client."""

    connected: bool
    seconds: float
    """Since it has been so."""
    reason: str
    """Why it is not connected; empty where it is."""


@dataclass(frozen=True)
class ServerStatus:
    """All that a server tells."""

    program: ProgramStatus
    host: str
    port: int
    clients: ClientsStatus
    answers: AnswersStatus
    snapshot: SnapshotStatus | None
    """None as long as there is no data."""
    link: LinkStatus


def health(has_data: bool, link: LinkStatus) -> str:
    """Tell what is wrong, or OK: a server is well as long as it has data to answer with."""
    if has_data:
        return OK
    if link.connected:
        return "no data yet: the client has pushed none"
    return f"no data yet: not connected to the client, {link.reason}"
