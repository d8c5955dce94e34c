"""The gateway's client side, put together: pollers fill the results, news becomes a snapshot."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from client.configuration import Configuration
from client.endpoint import Endpoint
from client.memory import Memory
from client.poll import Bounds
from client.poller import Poller
from client.publisher import Publication, Publisher
from client.record import Record
from client.render import Edition, render
from client.results import Result, Results
from client.state import State
from client.status import ClientStatus, EndpointStatus, PushedStatus, health
from client.worker import NoThreadError, in_thread
from shared import boot_clock, frame
from shared.logs import event
from shared.snapshot import Snapshot
from shared.status import Life, ProgramStatus, SnapshotStatus

log = logging.getLogger("client")

FIRST_WAIT = 2.0  # seconds that the first snapshot waits, at most, for each endpoint's first poll
# Of the time that the last snapshot took to be rendered: how long the next one waits for more news.
# Polls whose beats coincide end nearly together, and heavy data is best rendered once for all.
GATHERING = 0.1
# Seconds without news, after which the state is written all the same: its ages would else be those
# of the last change when the client is killed, and a disk that refused may take it by now.
REFRESH_INTERVAL = 60.0
RETRY_INTERVAL = 1.0  # seconds between two tries to render, where the system is short of something


class Gateway:
    """The client, from its configuration to its stop."""

    def __init__(self, configuration: Configuration) -> None:
        """Read the state and take the socket. Raises ClaimError where it is taken."""
        self._configuration = configuration
        self._publisher = Publisher(configuration.socket)
        self._memory = Memory(configuration.state)
        state = self._memory.recall(configuration.endpoints)
        self._edition = state.edition
        self._results = Results(configuration.endpoints, state.results)
        self._life = Life.begin()
        self._records = {endpoint: Record() for endpoint in configuration.endpoints}
        self._publication: Publication | None = None
        self._pushed = 0.0
        """When its snapshot was first published, in seconds of the boot clock."""
        self._published: Mapping[Endpoint, Result] = {}
        """What the publication was rendered from."""
        self._unpolled = set(configuration.endpoints)
        self._all_polled = asyncio.Event()
        self._may_poll = asyncio.Event()
        """Set once what is remembered has been published: no poll ends before that."""
        self._news = asyncio.Event()
        self._took = 0.0  # seconds to render the last snapshot

    async def run(self, stop: asyncio.Event) -> None:
        """Poll, merge and push until the event is set."""
        configuration = self._configuration
        log.info(
            "started",
            extra=event(
                endpoints=len(configuration.endpoints),
                socket=str(configuration.socket),
                remembered=len(self._results.known()),
            ),
        )
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._publisher.run())]
            running += [tasks.create_task(self._poll(e)) for e in configuration.endpoints]
            running += [tasks.create_task(self._publish())]
            await stop.wait()
            for task in running:
                task.cancel()
        await self._keep()
        log.info("stopped")

    def status(self) -> ClientStatus:
        """Tell all figures."""
        now, wall = boot_clock.now(), time.time()
        endpoints = [
            EndpointStatus.of(each, record, self._results.get(each), now, wall)
            for each, record in self._records.items()
        ]
        uptime = now - self._life.began
        return ClientStatus(
            ProgramStatus.of("client", self._life, now, health(endpoints, uptime)),
            str(self._configuration.socket),
            self._publisher.servers,
            endpoints,
            self._pushed_status(now),
            self._memory.status(now),
        )

    def _pushed_status(self, now: float) -> PushedStatus | None:
        if not self._publication:
            return None
        age = max(0.0, now - self._publication.succeeded)
        return PushedStatus(now - self._pushed, SnapshotStatus.of(self._publication.snapshot, age))

    async def _poll(self, endpoint: Endpoint) -> None:
        await self._may_poll.wait()
        await self._poller(endpoint).run()

    def _poller(self, endpoint: Endpoint) -> Poller:
        def polled(changed: bool | None) -> None:
            self._unpolled.discard(endpoint)
            if not self._unpolled:
                self._all_polled.set()
            if changed:
                self._news.set()
            elif changed is False:
                self._renew()

        configuration = self._configuration
        bounds = Bounds(endpoint.timeout(configuration.timeout), configuration.most)
        return Poller(endpoint, self._results, self._records[endpoint], bounds, polled)

    async def _publish(self) -> None:
        """Publish on news; at first what is remembered, else not before all have been polled.

        A client that remembers nothing must not replace what servers hold by a fragment.
        """
        if self._results.known():
            self._news.set()
        else:
            self._may_poll.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_WAIT):
                    await self._all_polled.wait()
        while True:
            while not await self._has_news():
                await self._keep()
            await asyncio.sleep(GATHERING * self._took)
            self._news.clear()
            try:
                await self._publish_news()
            except (NoThreadError, MemoryError) as error:
                log.error(
                    "snapshot not rendered, to be tried again", extra=event(reason=str(error))
                )
                await asyncio.sleep(RETRY_INTERVAL)
                self._news.set()
            self._may_poll.set()

    async def _has_news(self) -> bool:
        """Wait for news; False where none came for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_INTERVAL):
                return await self._news.wait()
        return False

    async def _keep(self) -> None:
        """Bring the ages in the state file up to date."""
        if self._publication:
            await self._memory.keep(State(self._edition, self._results.known()))

    async def _publish_news(self) -> None:
        results, edition, wall = self._results.known(), self._edition, time.time()

        def work() -> tuple[Snapshot, int]:
            snapshot = render((result.items for result in results.values()), edition, wall)
            return snapshot, frame.checksum(snapshot)

        started = time.monotonic()
        snapshot, checksum = await in_thread("render", work)
        self._took = time.monotonic() - started
        self._edition = Edition(snapshot.identity_digest, snapshot.last_modified)
        # Before it is published, so that no restart goes back behind what servers have.
        await self._memory.keep(State(self._edition, results))
        before, self._published = self._publication, results
        if before and before.snapshot.identity_digest == snapshot.identity_digest:
            self._renew()
            return
        # As fresh as the data is by now: an endpoint may have confirmed it meanwhile.
        succeeded = self._results.oldest_success(results)
        assert succeeded is not None, "what was rendered is of some success"
        self._publication = Publication(snapshot, checksum, succeeded)
        self._pushed = boot_clock.now()
        servers = self._publisher.publish(self._publication)
        log.info(
            "snapshot pushed",
            extra=event(
                items=snapshot.items,
                bytes=len(snapshot.identity),
                gzip=len(snapshot.gzip),
                servers=servers,
            ),
        )

    def _renew(self) -> None:
        """Tell the servers that the data is as it was, and how fresh that is."""
        succeeded = self._results.oldest_success(self._published)
        if self._publication and succeeded is not None:
            self._publication = replace(self._publication, succeeded=succeeded)
            servers = self._publisher.publish(self._publication)
            log.debug("age renewed", extra=event(servers=servers))
