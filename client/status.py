"""The client's status: the figures that it tells when it is asked. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from client.endpoint import Endpoint
from client.items import ITEM_SIZE
from client.record import Record
from client.results import Result
from shared.inquiry import OK
from shared.status import ProgramStatus, SnapshotStatus

MOST_PERIODS = 3  # without a success, of its own, after which an endpoint counts as failing


@dataclass(frozen=True)
class EndpointStatus:
    """One endpoint; the moments are in seconds from now."""

    endpoint: str
    """The URL without its secrets."""
    period: float
    """Seconds."""
    polls: int
    """Since the start."""
    failures: int
    """Of the polls."""
    failures_in_a_row: int
    last_error: str | None
    """What the last failure was, be it overcome or not."""
    last_error_age: float | None
    last_success: float | None
    """In seconds since the epoch; None before the first, counting those that are remembered."""
    age: float | None
    """Seconds since then."""
    items: int | None
    """In its last good result."""
    next_poll: float | None
    """In how many seconds; None while one is under way."""

    @staticmethod
    def of(
        endpoint: Endpoint, record: Record, result: Result | None, now: float, wall: float
    ) -> "EndpointStatus":
        """Tell that of an endpoint; `now` is the boot clock, `wall` since the epoch."""
        age = max(0.0, now - result.succeeded) if result else None
        return EndpointStatus(
            endpoint=endpoint.name,
            period=endpoint.period,
            polls=record.polls,
            failures=record.failures,
            failures_in_a_row=record.failures_in_a_row,
            last_error=record.last_error,
            last_error_age=None if record.failed is None else now - record.failed,
            last_success=None if age is None else wall - age,
            age=age,
            items=len(result.items) // ITEM_SIZE if result else None,
            next_poll=None if record.next_poll is None else max(0.0, record.next_poll - now),
        )


@dataclass(frozen=True)
class PushedStatus:
    """The last snapshot pushed."""

    seconds: float
    """Since it was pushed first."""
    snapshot: SnapshotStatus


@dataclass(frozen=True)
class StateStatus:
    """The state file, by which a client that is restarted forgets nothing."""

    reason: str
    """Why it could not be written last; empty where it was written, or has not been needed yet."""
    seconds: float
    """Since this last changed."""


@dataclass(frozen=True)
class ClientStatus:
    """All that a client tells."""

    program: ProgramStatus
    socket: str
    servers: int
    """Those connected, which are pushed to."""
    endpoints: list[EndpointStatus]
    pushed: PushedStatus | None
    """None before the first."""
    state: StateStatus | None
    """None where the client has no such file."""


def health(endpoints: Iterable[EndpointStatus], uptime: float) -> str:
    """Tell what is wrong, or OK: a client is well as long as one endpoint answers.

    What has not succeeded yet has had since the start for it: `uptime`, in seconds.
    """
    if any(_silence(each, uptime) <= MOST_PERIODS * each.period for each in endpoints):
        return OK
    return f"no endpoint has answered well for {MOST_PERIODS} of its periods"


def _silence(endpoint: EndpointStatus, uptime: float) -> float:
    return uptime if endpoint.age is None else min(uptime, endpoint.age)
