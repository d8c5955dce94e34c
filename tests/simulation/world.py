"""The simulated world: a machine, its programs, and what they depend on."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from client.claim import ClaimError
from client.configuration import Configuration
from client.fetch import Fetched, Validators
from client.url import Url
from client.wire import Wire as PollWire
from server.service import Service
from tests.simulation import process
from tests.simulation.clock import Clock
from tests.simulation.disk import Disk
from tests.simulation.loop import Loop
from tests.simulation.network import Network, Wire
from tests.simulation.origin import Origin
from tests.simulation.programs import Client, Server
from tests.simulation.promises import ENDPOINTS, BrokenError, Ledger, Tags, Watch
from tests.simulation.story import Story

T = TypeVar("T")

SERVERS = 2
MOST_BODY = 1 << 20  # bytes
DYING = 0.001  # seconds; the tasks of a killed program need no time to end
RENDERING = 0.02  # seconds that a rendering takes, at most
SOCKET = Path("/simulated/snapshot.sock")


class World:
    """All of it. Everything random in it follows from the seed."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        """Have it as it is before anything is started."""
        self._seed = seed
        self.clock = Clock()
        self.story = Story(self.clock, tell)
        self.counts: Counter[str] = Counter()
        """How often each kind of fault was."""
        self.network = Network(self.chance("network"), SOCKET, self._connected)
        self.loop = Loop(self.clock, self.network, process.adopt)
        self.verdict: asyncio.Future[None] = self.loop.create_future()
        self.disk = Disk(self.chance("disk"), lambda seconds: self.saving(seconds))
        self.saving: Callable[[float], None] = lambda _: None
        """Called as the client begins to save, with the seconds that it takes."""
        self.troubled: Callable[[Wire], None] = lambda _: None
        """Called with each new connection to the client."""
        self.origins = [Origin(n, self.chance(f"endpoint {n}")) for n in range(ENDPOINTS)]
        self._configuration = Configuration(
            tuple(origin.endpoint for origin in self.origins), None, MOST_BODY, SOCKET, SOCKET
        )
        self._rendering = self.chance("rendering")
        self._ledger = Ledger()
        self._tags = Tags()
        self.client: Client | None = None
        self._keeps_client = False
        self.servers: list[Server | None] = [None] * SERVERS
        self.loop.set_exception_handler(self._unexpected)

    def chance(self, name: str) -> random.Random:
        """Make what draws for one component."""
        return random.Random(f"{self._seed} {name}")

    @property
    def longest(self) -> float:
        """Tell the longest period, in seconds."""
        return max(origin.period for origin in self.origins)

    def fail(self, error: BaseException) -> None:
        """End the schedule: something is broken."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if not self.verdict.done():
            self.story.add("broken", f"{type(error).__name__} {error}")
            self.verdict.set_exception(error)

    def _unexpected(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.fail(context.get("exception") or BrokenError(context["message"]))

    def start_client(self) -> None:
        """Start a client, where there is none."""
        if self.client:
            return
        number = self._ledger.begin(self.disk.mark() if self.disk.excuses else None)
        self.disk.excuses = False
        client = self.client = Client(number, self._configuration)
        self.story.add("client", f"starts, remembers {self.disk.mark()}")
        main = client.process.start(client.run())
        main.add_done_callback(lambda task: self._client_ended(client, task))

    def keep_client(self) -> None:
        """Have a client run from now on; one that is about to end is replaced as it does."""
        self._keeps_client = True
        self.start_client()

    def _client_ended(self, client: Client, main: asyncio.Task[None]) -> None:
        if self.client is not client:
            return  # it was killed
        self.client = None
        error = None if main.cancelled() else main.exception()
        self.story.add("client", f"ends: {error}" if error else "ends")
        if error and not isinstance(error, ClaimError):
            self.fail(error)
        elif self._keeps_client:
            self.start_client()

    def kill_client(self) -> None:
        """Kill the client, where there is one."""
        if self.client:
            self.story.add("client", "is killed")
            client, self.client = self.client, None
            self._kill(client.process)

    def start_server(self, number: int) -> None:
        """Start a server, where it is not running."""
        if self.servers[number]:
            return
        service = Service(1)
        watch = Watch(service, [origin.sent for origin in self.origins], self._tags)
        name = f"server {number}"
        server = self.servers[number] = Server(name, self._configuration.socket, watch, service)
        self.story.add(name, "starts")
        main = server.process.start(server.run(self.story, self._ledger))
        main.add_done_callback(lambda task: self._server_ended(number, server, task))

    def _server_ended(self, number: int, server: Server, main: asyncio.Task[None]) -> None:
        if self.servers[number] is not server:
            return  # it was killed
        self.servers[number] = None
        error = None if main.cancelled() else main.exception()
        self.fail(error or BrokenError(f"{server.process.name} has ended by itself"))

    def kill_server(self, number: int) -> None:
        """Kill a server, where it is running."""
        if server := self.servers[number]:
            self.story.add(server.process.name, "is killed")
            self.servers[number] = None
            self._kill(server.process)

    def _kill(self, killed: process.Process) -> None:
        def check() -> None:
            if not killed.has_ended:
                self.fail(BrokenError(f"the {killed.name} goes on when its tasks are cancelled"))

        killed.end()
        self.loop.call_later(DYING, check)

    def end(self) -> None:
        """Kill all."""
        self.kill_client()
        for number in range(SERVERS):
            self.kill_server(number)

    def _connected(self, wire: Wire) -> None:
        for server in filter(None, self.servers):
            if wire.near.owner is server.process:
                server.wire = wire
        if self.client and wire.far.owner is self.client.process:
            wire.client, wire.mark = self.client.number, self._ledger.mark(self.client.number)
            self.troubled(wire)
        self.story.add(wire.near.owner.name, f"connects to the {wire.far.owner.name}")

    async def in_thread(self, name: str, work: Callable[[], T]) -> T:
        """Do what `client.worker.in_thread` does, after as long as a thread would take."""
        results: list[T] = []
        kind, _, of_what = name.partition(" ")
        if kind == "state":
            await self.disk.write(lambda: results.append(work()))
            return results[0]
        if kind == "poll":
            origin = next(o for o in self.origins if o.endpoint.name == of_what)
            await asyncio.sleep(origin.duration())
        else:
            await asyncio.sleep(self._rendering.uniform(0, RENDERING))
        return work()

    def fetch(self, url: Url, validators: Validators, most: int, wire: PollWire) -> Fetched:
        """Do what `client.fetch.fetch` does. Raises FetchError."""
        origin = next(origin for origin in self.origins if origin.endpoint.url == url)
        return origin.answer(validators, wire)
