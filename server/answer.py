"""Answers: rendered as bytes once a second at the most, however many clients ask. Pure.

A set of answers is made anew, whole, when a snapshot comes and when a second has passed; in it,
each answer is rendered when it is asked for first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from server import problem
from server.coding import Coding
from server.decision import Representation, entity_tag
from server.problem import Problem
from server.request import Persistence
from shared.snapshot import Payload, Snapshot

# Bytes up to which a body is put behind its head in one piece: one send, for the price of a copy
# once a second. Larger ones are sent from where the snapshot lies.
MAX_JOINED = 64 * 1024

_STATUS_LINES = {
    status: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, ready to be sent."""

    status: HTTPStatus
    pieces: tuple[Payload, ...]
    closes: bool
    """Whether the connection ends with it."""
    edition: int = 0
    """Of the snapshot whose payload it holds; 0 where it holds none, or a copy of a small one."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The snapshot that the server holds."""

    snapshot: Snapshot
    edition: int
    """Which snapshot of this server's it is, counted from 1."""
    succeeded: float
    """What its age counts from, in seconds of the monotonic clock."""


class Answers:
    """The answers that can be given now."""

    def __init__(self, holding: Holding | None, now: float, wall: float) -> None:
        """Answer with what is held.

        `now` is the monotonic clock, `wall` seconds since the epoch; both stand still from here.
        """
        self.snapshot: Snapshot | None = holding.snapshot if holding else None
        """The snapshot that they are made of."""
        self.wall = wall
        """When they are given."""
        self._edition = holding.edition if holding else 0
        self._age = int(max(0.0, now - holding.succeeded)) if holding else 0
        self._date = formatdate(wall, usegmt=True)
        self._rendered: dict[object, Answer] = {}

    def give(
        self, decided: Representation | Problem, persistence: Persistence, bodiless: bool = False
    ) -> Answer:
        """Tell the answer. `bodiless` is for HEAD: the same, with the body left out."""
        if isinstance(decided, Problem):
            bodiless = bodiless or decided.bodiless
            persistence = Persistence.CLOSE if decided.closes else persistence
        key = decided, persistence, bodiless
        answer = self._rendered.get(key)
        if answer is None:
            answer = self._rendered[key] = self._render(decided, persistence, bodiless)
        return answer

    def _render(
        self, decided: Representation | Problem, persistence: Persistence, bodiless: bool
    ) -> Answer:
        body: Payload
        if isinstance(decided, Problem):
            body = decided.document()
            status, fields = decided.status, self._problem_fields(decided, body)
        else:
            status, body, fields = self._representation(decided)
        head = b"".join(
            [
                _STATUS_LINES[status],
                *(f"{name}: {value}\r\n".encode() for name, value in fields),
                persistence.value,
                b"\r\n",
            ]
        )
        closes = persistence is Persistence.CLOSE
        if bodiless:
            return Answer(status, (head,), closes)
        if len(body) <= MAX_JOINED:
            return Answer(status, (head + body,), closes)
        return Answer(status, (head, body), closes, self._edition)

    def _problem_fields(self, found: Problem, body: bytes) -> Iterable[tuple[str, str]]:
        yield "Date", self._date
        yield "Content-Type", problem.CONTENT_TYPE
        yield "Content-Length", str(len(body))
        # Without it a 404 or a 405 may be kept by a cache: RFC 9110, 15.1.
        yield "Cache-Control", "no-store"
        yield from found.fields

    def _representation(
        self, chosen: Representation
    ) -> tuple[HTTPStatus, Payload, list[tuple[str, str]]]:
        snapshot = self.snapshot
        assert snapshot, "what is decided for a snapshot is answered with it"
        fields = [
            ("Date", self._date),
            ("ETag", entity_tag(snapshot, chosen.coding)),
            ("Age", str(self._age)),
            ("Cache-Control", "no-cache"),
            ("Vary", "Accept-Encoding"),
        ]
        if not chosen.modified:  # nor its metadata, which the client has: RFC 9110, 15.4.5
            return HTTPStatus.NOT_MODIFIED, b"", fields
        zipped = chosen.coding is Coding.GZIP
        body = snapshot.gzip if zipped else snapshot.identity
        # No later than Date, RFC 9110, 8.8.2.1; it can be, see client.render.stamp.
        modified = min(float(snapshot.last_modified), self.wall)
        fields += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Last-Modified", formatdate(modified, usegmt=True)),
        ]
        if zipped:
            fields.append(("Content-Encoding", "gzip"))
        return HTTPStatus.OK, body, fields
