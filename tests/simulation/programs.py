"""The programs that run in simulated processes: the real client, and the real core of a server."""

import asyncio
import time
from pathlib import Path

from client.configuration import Configuration
from client.gateway import Gateway
from server.gateway import TICK
from server.service import Service
from server.subscription import Subscription
from shared import boot_clock
from shared.snapshot import Snapshot
from tests.simulation.network import Wire
from tests.simulation.process import Process
from tests.simulation.promises import BrokenError, Ledger, Watch
from tests.simulation.story import Story


class Client:
    """A client: one life of it."""

    def __init__(self, number: int, configuration: Configuration) -> None:
        """Be the client of this number in the ledger."""
        self.number = number
        self.process = Process("client")
        self.gateway: Gateway | None = None
        self._configuration = configuration
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Do what `python -m client` does. Raises ClaimError where the socket is taken."""
        self.gateway = Gateway(self._configuration)
        await self.gateway.run(self._stop)

    def stop(self) -> None:
        """Do what SIGTERM does."""
        self._stop.set()


class Server:
    """A server: one life of it."""

    def __init__(self, name: str, path: Path, watch: Watch, service: Service) -> None:
        """Take snapshots into a service that is watched."""
        self.process = Process(name)
        self.watch = watch
        self.wire: Wire | None = None
        """Its connection, or the last one that it had."""
        self._path = path
        self._service = service

    async def run(self, story: Story, ledger: Ledger) -> None:
        """Do what `python -m server` does, apart from HTTP."""
        taker = _Taker(self, self._service, story, ledger)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Subscription(self._path, taker).run())
            tasks.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._service.tick(boot_clock.now(), time.time())


class _Taker:
    """What a subscription feeds: the service, and who watches it."""

    def __init__(self, server: Server, service: Service, story: Story, ledger: Ledger) -> None:
        self._server = server
        self._service = service
        self._story = story
        self._ledger = ledger

    def take(self, snapshot: Snapshot, age: float) -> None:
        server = self._server
        wire = server.wire
        if not wire or wire.client is None:
            raise BrokenError("it took the data of somebody who is no client")
        mark = server.watch.take(snapshot, age, wire.mark)
        self._story.add(server.process.name, f"takes {server.watch.versions}, {age:.3f} s old")
        wire.mark = mark
        self._ledger.raise_to(wire.client, mark)

    def renew(self, digest: bytes, age: float) -> bool:
        return self._service.renew(digest, age)
