"""The promises: what servers may answer, given what they and others have answered before."""

import gzip
import json
import re
import zlib
from collections.abc import Container, Sequence

from server.request import Persistence, Request
from server.service import Service
from shared.snapshot import Snapshot
from tests.faults.model import Versions, check

Mark = tuple[int, ...]
"""A version of each endpoint, and when the data changed last: none of them ever goes back."""

ENDPOINTS = 3
NOTHING: Mark = (0,) * (ENDPOINTS + 1)

_AGE = re.compile(rb"\r\nAge: (\S+)\r\n")
_TAG = re.compile(rb'\r\nETag: ("[0-9a-f]{32}")\r\n')
_PLAIN = Request("GET", "/", {}, Persistence.PERSISTENT)
_ZIPPED = Request("GET", "/", {"accept-encoding": "gzip"}, Persistence.PERSISTENT)


class BrokenError(AssertionError):
    """A promise was broken; the text says which."""


class Ledger:
    """For each client that there was: behind which mark no answer of its data may be.

    What one client has published is in the file before, and the next one begins with the file. So
    the mark only rises, unless the disk has excused the client: then the next one may begin with
    what the file holds, be it older.
    """

    def __init__(self) -> None:
        """Begin before the first client."""
        self._marks: list[Mark] = [NOTHING]
        self._excuses: list[Mark | None] = [None]

    def begin(self, excuse: Mark | None) -> int:
        """Begin with another client; tell its number. `excuse` is the file, where it is one."""
        self._marks.append(_lowered(self._marks[-1], excuse))
        self._excuses.append(excuse)
        return len(self._marks) - 1

    def mark(self, client: int) -> Mark:
        """Tell the mark of a client's data."""
        return self._marks[client]

    def raise_to(self, client: int, mark: Mark) -> None:
        """Take note that a client's data is being served."""
        for number in range(client, len(self._marks)):
            if number > client:
                mark = _lowered(mark, self._excuses[number])
            self._marks[number] = tuple(map(max, self._marks[number], mark))


def _lowered(mark: Mark, excuse: Mark | None) -> Mark:
    return mark if excuse is None else tuple(map(min, mark, excuse))


class Tags:
    """The entity tags of a schedule: the same data has the same one, and other data another."""

    def __init__(self) -> None:
        """Know none."""
        self._bodies: dict[bytes, bytes] = {}
        self._tags: dict[bytes, bytes] = {}

    def check(self, tag: bytes, body: bytes) -> None:
        """Raise BrokenError where one or the other was met with another one."""
        if self._bodies.setdefault(tag, body) != body:
            raise BrokenError(f"the entity tag {tag!r} names two bodies")
        if self._tags.setdefault(body, tag) != tag:
            raise BrokenError(f"the same body has the entity tags {self._tags[body]!r} and {tag!r}")


class Watch:
    """What one server has answered; it takes the snapshots in the service's stead."""

    def __init__(self, service: Service, sent: Sequence[Container[int]], tags: Tags) -> None:
        """Watch a service that has nothing yet; `sent` are the versions that endpoints sent."""
        self.versions: Versions = NOTHING[:-1]
        """Of what it answers with; zeros where it has nothing."""
        self._service = service
        self._sent = sent
        self._tags = tags
        self._bodies: tuple[bytes, bytes] | None = None

    def take(self, snapshot: Snapshot, age: float, floor: Mark) -> Mark:
        """Have the service take a snapshot, and check what it answers from then on.

        Tell the mark of it. Raises AssertionError.
        """
        self._service.take(snapshot, age)
        plain, zipped, _ = self._ask()
        try:
            if gzip.decompress(zipped) != plain:
                raise BrokenError("the gzip coding holds other data than the identity coding")
            array = json.loads(plain)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise BrokenError(f"an answer cannot be read: {error}") from None
        self.versions = check(array, self._sent, floor[:-1])
        if snapshot.last_modified < floor[-1]:
            raise BrokenError(f"Last-Modified went back {floor[-1] - snapshot.last_modified} s")
        self._bodies = plain, zipped
        return (*self.versions, snapshot.last_modified)

    def look(self) -> float:
        """Check that it answers as before, and tell the age. Raises BrokenError."""
        if self._bodies is None:
            if self._service.answers.to(_PLAIN).status != 503:
                raise BrokenError("there is an answer without a snapshot")
            return 0.0
        *bodies, age = self._ask()
        if tuple(bodies) != self._bodies:
            raise BrokenError("the answer is not the snapshot that was taken last")
        return age

    def _ask(self) -> tuple[bytes, bytes, float]:
        bodies: list[bytes] = []
        age = 0.0
        for request in (_PLAIN, _ZIPPED):
            answer = self._service.answers.to(request)
            if answer.status != 200:
                raise BrokenError(f"it answered well before, and now with {answer.status}")
            head, _, body = b"".join(answer.pieces).partition(b"\r\n\r\n")
            aged, tagged = _AGE.search(head), _TAG.search(head)
            if not aged or not aged[1].isdigit() or not tagged:
                raise BrokenError(f"an answer has no good Age or ETag: {head!r}")
            self._tags.check(tagged[1], body)
            age = float(aged[1])
            bodies.append(body)
        return bodies[0], bodies[1], age
