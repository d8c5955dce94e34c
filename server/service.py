"""The service: what all connections share, and how a request gets its answer."""

import logging
import time
from http import HTTPStatus

from server.answer import Answer, Answers, Holding
from server.counters import Counters
from server.decision import over_limit
from server.limit import Limit
from server.problem import Problem
from server.request import Persistence, Request
from shared import boot_clock
from shared.logs import Field, event
from shared.snapshot import Snapshot
from shared.status import SnapshotStatus

log = logging.getLogger("server")

QUIET = 60.0  # seconds without a refusal, after which the limit counts as left


class Service:
    """Answers requests from memory, within the limit."""

    def __init__(self, capacity: int) -> None:
        """Serve so many clients at a time."""
        self.limit = Limit(capacity)
        self.counters = Counters()
        self.answers = Answers(None, boot_clock.now(), time.time())
        self._stopping = False
        self._holding: Holding | None = None
        self._over_limit = over_limit(capacity)
        self._refused_last: float | None = None

    def take(self, snapshot: Snapshot, age: float) -> None:
        """Hold a snapshot from now on; its age is in seconds."""
        self._hold(snapshot, self._holding.edition + 1 if self._holding else 1, age)
        log.info(
            "snapshot received",
            extra=event(items=snapshot.items, bytes=len(snapshot.identity), age=age),
        )

    def renew(self, digest: bytes, age: float) -> bool:
        """Take the word of the client on the age of what is held; False if that is something else.

        `digest` is that of the identity coding.
        """
        holding = self._holding
        if not holding or holding.snapshot.identity_digest != digest:
            return False
        self._hold(holding.snapshot, holding.edition, age)
        return True

    def _hold(self, snapshot: Snapshot, edition: int, age: float) -> None:
        now = boot_clock.now()
        self._holding = Holding(snapshot, edition, now - age)
        self.tick(now, time.time())

    def tick(self, now: float, wall: float) -> None:
        """Bring the answers up to date. `now` is the boot clock, `wall` seconds since the epoch."""
        self.answers = Answers(self._holding, now, wall)
        if self._refused_last is not None and now - self._refused_last > QUIET:
            self._refused_last = None
            log.info("limit left", extra=event(limit=self.limit.capacity))

    def refuse(self, request: Request) -> Answer:
        """Answer a client beyond the limit."""
        self.counters.refused += 1
        if self._refused_last is None:
            log.warning("limit reached", extra=event(limit=self.limit.capacity))
        self._refused_last = boot_clock.now()
        return self.answers.give(self._over_limit, Persistence.CLOSE, request.is_head)

    def stop(self) -> None:
        """Have every answer from now on close its connection."""
        self._stopping = True
        self.answers.known.clear()

    def answer(self, request: Request, closes: bool = False, sole: bytes | None = None) -> Answer:
        """Answer a client within the limit; `closes` where the connection cannot go on.

        `sole` are the bytes that came, where they were this request and nothing else.
        """
        answer = self.answers.to(request, closes or self._stopping)
        # What is known is answered without a word in the log.
        if sole and not self._stopping and not log.isEnabledFor(logging.DEBUG):
            self.answers.remember(sole, answer)
        self.counters.requests += 1
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.counters.errors[answer.status] += 1
        return answer

    def reject(self, problem: Problem, request: Request | None) -> Answer:
        """Answer what is no valid request, or a request whose body is not valid."""
        self.counters.requests += 1
        self.counters.errors[problem.status] += 1
        bodiless = request is not None and request.is_head
        return self.answers.give(problem, Persistence.CLOSE, bodiless)

    def snapshot_status(self, now: float) -> SnapshotStatus | None:
        """Tell what is held; `now` is the boot clock."""
        if not self._holding:
            return None
        age = max(0.0, now - self._holding.succeeded)
        return SnapshotStatus.of(self._holding.snapshot, age)

    def report(self) -> dict[str, Field] | None:
        """Tell what happened since the last report; None where nothing did."""
        return self.counters.report(len(self.limit), self.limit.take_most())
