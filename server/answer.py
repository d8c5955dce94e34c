"""Answers: rendered as bytes once a second at the most, however many clients ask. Pure.

A set of answers is made anew, whole, when a snapshot comes and when a second has passed; in it,
each answer is rendered when it is asked for first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from server import problem
from server.coding import Coding
from server.decision import Representation, decide, entity_tag
from server.problem import Problem
from server.request import Persistence, Request
from shared.snapshot import Payload, Snapshot

# Bytes up to which a body is put behind its head in one piece: one send, for the price of a copy
# once a second. Larger ones are sent from where the snapshot lies.
MAX_JOINED = 64 * 1024

MOST_KNOWN = 512  # requests whose answers are remembered; of 1 kB at the most, see the receiver

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
    lingers: bool = False
    """Whether the client, which has not asked for the end, may have sent more."""
    edition: int = 0
    """Of the snapshot whose payload it holds; 0 where it holds none, or a copy of a small one."""
    size: int = field(init=False)
    """Bytes in all."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(map(len, self.pieces)))


@dataclass(frozen=True, slots=True)
class Holding:
    """The snapshot that the server holds."""

    snapshot: Snapshot
    edition: int
    """Which snapshot of this server's it is, counted from 1."""
    succeeded: float
    """What its age counts from, in seconds of the boot clock."""


class Answers:
    """The answers that can be given now."""

    def __init__(self, holding: Holding | None, now: float, wall: float) -> None:
        """Answer with what is held.

        `now` is the boot clock, `wall` seconds since the epoch; both stand still from here.
        """
        self._snapshot = holding.snapshot if holding else None
        self._wall = wall
        self._edition = holding.edition if holding else 0
        self._age = int(max(0.0, now - holding.succeeded)) if holding else 0
        self._date = formatdate(wall, usegmt=True)
        self._rendered: dict[object, Answer] = {}
        self.known: dict[bytes, Answer] = {}
        """Answers that bytes have got which were one whole request, and nothing else."""

    def to(self, request: Request, closes: bool = False) -> Answer:
        """Tell the answer to a request; `closes` where the connection cannot go on."""
        decided = decide(request, self._snapshot, self._wall)
        persistence = Persistence.CLOSE if closes else request.persistence
        lingers = request.persistence is not Persistence.CLOSE
        return self.give(decided, persistence, request.is_head, lingers)

    def remember(self, data: bytes, answer: Answer) -> None:
        """Have the same bytes get the same answer. Errors are not worth it."""
        if answer.status < HTTPStatus.BAD_REQUEST and len(self.known) < MOST_KNOWN:
            self.known[data] = answer

    def give(
        self,
        decided: Representation | Problem,
        persistence: Persistence,
        bodiless: bool = False,
        lingers: bool = True,
    ) -> Answer:
        """Tell the answer. `bodiless` is for HEAD: the same, with the body left out."""
        if isinstance(decided, Problem):
            bodiless = bodiless or decided.bodiless
            persistence = Persistence.CLOSE if decided.closes else persistence
        key = decided, persistence, bodiless, lingers
        answer = self._rendered.get(key)
        if answer is None:
            answer = self._rendered[key] = self._render(*key)
        return answer

    def _render(
        self,
        decided: Representation | Problem,
        persistence: Persistence,
        bodiless: bool,
        lingers: bool,
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
        closes, edition = persistence is Persistence.CLOSE, 0
        pieces: tuple[Payload, ...] = (head,)
        if not bodiless and len(body) <= MAX_JOINED:
            pieces = (head + body,)
        elif not bodiless:
            pieces, edition = (head, body), self._edition
        return Answer(status, pieces, closes, closes and lingers, edition)

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
        snapshot = self._snapshot
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
        modified = min(float(snapshot.last_modified), self._wall)
        fields += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Last-Modified", formatdate(modified, usegmt=True)),
        ]
        if zipped:
            fields.append(("Content-Encoding", "gzip"))
        return HTTPStatus.OK, body, fields
