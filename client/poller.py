"""The poller of one endpoint: on each beat one poll, with one deadline, and one line in the log."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from client.beat import next_beat
from client.endpoint import Endpoint
from client.fetch import Validators
from client.items import ITEM_SIZE
from client.lookup import Lookup
from client.poll import Bounds, Good, PollError, poll
from client.record import Record
from client.results import Result, Results
from shared import boot_clock
from shared.logs import event

log = logging.getLogger("client")

# Seconds in which the first poll tries to connect, half its time at most: where all is started at
# once, by Compose or after a reboot, an endpoint may come up after the client.
PATIENCE = 5.0


class Poller:
    """Polls one endpoint for ever, into the results."""

    def __init__(
        self,
        endpoint: Endpoint,
        results: Results,
        record: Record,
        bounds: Bounds,
        polled: Callable[[bool | None], None],
    ) -> None:
        """Poll within these bounds, whose patience is the first poll's only.

        `polled` is called after each poll: True where the endpoint's items changed, False where
        they are confirmed, None where the poll failed.
        """
        self._endpoint = endpoint
        self._results = results
        self._record = record
        self._bounds = bounds
        self._polled = polled
        self._lookup = Lookup()

    async def run(self) -> None:
        """Poll now, and then on each beat of the grid, one poll at a time."""
        start, period, beat = time.monotonic(), self._endpoint.period, 0
        while True:
            patience = min(PATIENCE, self._bounds.timeout / 2) if beat == 0 else 0.0
            self._polled(await self._poll(patience))
            following = next_beat(start, period, beat, time.monotonic())
            if missed := following - beat - 1:
                log.warning("beats missed", extra=event(endpoint=self._endpoint.name, beats=missed))
            beat = following
            wait = start + beat * period - time.monotonic()
            self._record.next_poll = boot_clock.now() + wait
            await asyncio.sleep(wait)
            self._record.next_poll = None

    async def _poll(self, patience: float) -> bool | None:
        started = time.monotonic()
        before = self._results.get(self._endpoint)
        validators = before.validators if before else Validators()
        bounds = replace(self._bounds, patience=patience)
        try:
            good = await poll(self._endpoint, validators, bounds, self._lookup)
        except PollError as error:
            self._tell_failure(str(error), before, time.monotonic() - started)
            return None
        now = boot_clock.now()
        if good.items is None:
            self._results.confirm(self._endpoint, now)
            changed = False
        else:
            result = Result(good.items, now, good.fetched.validators)
            changed = self._results.take(self._endpoint, result)
        self._tell_success(good, changed, time.monotonic() - started)
        return changed

    def _tell_success(self, good: Good, changed: bool, duration: float) -> None:
        self._record.succeed()
        result = self._results.get(self._endpoint)
        log.info(
            "polled",
            extra=event(
                endpoint=self._endpoint.name,
                outcome="ok" if good.items is not None else "not-modified",
                items=len(result.items) // ITEM_SIZE if result else 0,
                bytes=len(good.fetched.body or b""),
                duration=duration,
                changed=changed,
            ),
        )

    def _tell_failure(self, reason: str, before: Result | None, duration: float) -> None:
        now = boot_clock.now()
        self._record.fail(reason, now)
        log.error(
            "poll failed",
            extra=event(
                endpoint=self._endpoint.name,
                outcome="failed",
                reason=reason,
                duration=duration,
                stale=f"{now - before.succeeded:.1f}s" if before else "no-data-yet",
            ),
        )
