"""The decision: which answer a valid request gets. Pure."""

from dataclasses import dataclass
from http import HTTPStatus

from server.coding import Coding, negotiate
from server.precondition import evaluate
from server.problem import Problem
from server.request import Request
from shared.snapshot import Snapshot

RETRY_AFTER = ("Retry-After", "1")  # seconds; a slot, or the first snapshot, may be there by then

_NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "The only resource here is /.", closes=False)
_NOT_ALLOWED = Problem(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "The only method here is GET.",
    (("Allow", "GET"),),
    closes=False,
)
_NO_DATA = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE, "There is no data yet.", (RETRY_AFTER,), closes=False
)
_NOT_ACCEPTABLE = Problem(
    HTTPStatus.NOT_ACCEPTABLE,
    "The data is there in the content codings identity and gzip only.",
    (("Vary", "Accept-Encoding"),),
    closes=False,
)
_PRECONDITION_FAILED = Problem(
    HTTPStatus.PRECONDITION_FAILED, "The data is not what the request asked for.", closes=False
)


@dataclass(frozen=True, slots=True)
class Representation:
    """The data is the answer, in one of its codings."""

    coding: Coding
    modified: bool = True
    """False: the client has it already (304)."""


def entity_tag(snapshot: Snapshot, coding: Coding) -> str:
    """Tell the entity tag of a snapshot in a coding, RFC 9110, 8.8.3."""
    digest = snapshot.gzip_digest if coding is Coding.GZIP else snapshot.identity_digest
    return f'"{digest.hex()}"'


def over_limit(limit: int) -> Problem:
    """Make the answer to a client beyond the limit."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"The limit of {limit} clients is reached.",
        (RETRY_AFTER,),
    )


def decide(request: Request, snapshot: Snapshot | None, now: float) -> Representation | Problem:
    """Decide what a client within the limit gets; `now` is in seconds since the epoch."""
    if request.path not in ("/", ""):
        return _NOT_FOUND
    if request.method != "GET":
        return _NOT_ALLOWED
    if snapshot is None:
        return _NO_DATA
    gzip_pays = len(snapshot.gzip) < len(snapshot.identity)
    coding = negotiate(request.fields.get("accept-encoding"), gzip_pays)
    if coding is None:
        return _NOT_ACCEPTABLE
    tag = entity_tag(snapshot, coding)
    match evaluate(request.fields, tag, snapshot.last_modified, now):
        case HTTPStatus.PRECONDITION_FAILED:
            return _PRECONDITION_FAILED
        case HTTPStatus.NOT_MODIFIED:
            return Representation(coding, modified=False)
    return Representation(coding)
