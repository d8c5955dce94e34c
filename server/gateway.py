"""The gateway's server side, put together: a subscription fills it, connections are answered."""

import asyncio
import logging
import socket
import time

from server import descriptors
from server.configuration import Configuration
from server.connection import Connection
from server.connections import Connections
from server.listener import FEW_DESCRIPTORS, Listener, listen
from server.readiness import Readiness
from server.service import Service
from server.status import AnswersStatus, ClientsStatus, ServerStatus, health
from server.subscription import Subscription
from shared import boot_clock
from shared.logs import event
from shared.status import Life, ProgramStatus

log = logging.getLogger("server")

MOST_STRANGERS = 16 * 1024  # connections beyond the limit; 16 kB each at the worst
MANY_STRANGERS = "too many strangers: those that came first make room for newcomers"
TICK = 1.0  # seconds between two renderings of Date and Age, whose unit it is
REPORT_INTERVAL = 60.0  # seconds between two lines of counters
STOP_WAIT = 1.5  # seconds that answers under way may take when the server stops; the log has 1
STOP_TICK = 0.02  # seconds between two looks at them


class Gateway:
    """The server, from its configuration to its stop."""

    def __init__(self, configuration: Configuration) -> None:
        """Listen. Raises AddressError, ListenError, and SettingError for too few descriptors."""
        self._configuration = configuration
        allowed = descriptors.connections()
        self._listening = listen(configuration.host, configuration.port)
        self.address: tuple[str, int] = self._listening.getsockname()[:2]
        """Where it listens: the host, and the port that it has."""
        self.service = Service(configuration.limit)
        self.connections = Connections()
        self._subscription = Subscription(configuration.socket, self.service)
        self._life = Life.begin()
        self._most_connections = min(allowed, configuration.limit + MOST_STRANGERS)
        self._full = FEW_DESCRIPTORS if allowed == self._most_connections else MANY_STRANGERS

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until the event is set."""
        self._tell_start()
        self._readiness = Readiness()
        listener = Listener(
            self._listening,
            self._readiness,
            self._accepted,
            self._is_full,
            self.connections.make_room,
            self._full,
        )
        async with asyncio.TaskGroup() as tasks:
            work = (self._subscription.run(), self._tick(), self._sweep())
            running = [tasks.create_task(each) for each in work]
            await stop.wait()
            for task in running:
                task.cancel()
        await self._stop(listener)
        self._report()
        log.info("stopped")

    def status(self) -> ServerStatus:
        """Tell all figures."""
        now = boot_clock.now()
        limit, counters = self.service.limit, self.service.counters
        snapshot, link = self.service.snapshot_status(now), self._subscription.status(now)
        host, port = self.address
        return ServerStatus(
            ProgramStatus.of("server", self._life, now, health(snapshot is not None, link)),
            host,
            port,
            ClientsStatus(len(limit), limit.most, limit.capacity, len(self.connections)),
            AnswersStatus(counters.requests, counters.refused, counters.cut, dict(counters.errors)),
            snapshot,
            link,
        )

    def _tell_start(self) -> None:
        configuration = self._configuration
        host, port = self.address
        log.info(
            "started",
            extra=event(
                host=host, port=port, limit=configuration.limit, socket=str(configuration.socket)
            ),
        )
        if configuration.limit > self._most_connections:
            log.warning(
                "fewer descriptors than clients: raise `ulimit -n`, or lower the limit",
                extra=event(limit=configuration.limit, connections=self._most_connections),
            )

    def _is_full(self) -> bool:
        """Tell whether no more connections can be held."""
        return len(self.connections) >= self._most_connections

    def _accepted(self, accepted: socket.socket, peer: str) -> None:
        try:
            connection = Connection(
                accepted,
                peer,
                self.service,
                self._readiness,
                self._configuration.idle_timeout,
                self.connections.discard,
            )
        except OSError as error:
            log.warning("connection cannot be watched", extra=event(peer=peer, reason=str(error)))
            accepted.close()
        else:
            self.connections.add(connection)

    async def _tick(self) -> None:
        """Keep time for all: one ticker instead of a timer each."""
        reported = boot_clock.now()
        while True:
            await asyncio.sleep(TICK)
            now = boot_clock.now()
            self.service.tick(now, time.time())
            if now - reported >= REPORT_INTERVAL:
                reported = now
                self._report()

    async def _sweep(self) -> None:
        """Keep the time-outs: apart from the ticker, since a sweep gives way to all other work."""
        while True:
            await asyncio.sleep(min(TICK, self._configuration.idle_timeout / 4))
            await self.connections.sweep(time.monotonic())

    def _report(self) -> None:
        counts = self.service.report()
        if counts:
            log.info("served", extra=event(**counts))

    async def _stop(self, listener: Listener) -> None:
        """Answer what is under way, those included that wait to be accepted."""
        self.service.stop()
        listener.close()
        deadline = time.monotonic() + STOP_WAIT
        while True:
            self.connections.stop()
            if not len(self.connections) or time.monotonic() > deadline:
                break
            await asyncio.sleep(STOP_TICK)
        self.connections.close()
        self._readiness.close()
