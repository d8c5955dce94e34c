"""The faults: what happens to the world, when, and for how long, drawn from the seed."""

import asyncio
from collections.abc import Callable

from tests.simulation.network import Wire
from tests.simulation.origin import BAD_MOODS, Origin
from tests.simulation.pipe import KINDS, Trouble
from tests.simulation.stranger import Stranger
from tests.simulation.world import SERVERS, World

# Seconds between two faults on average, and of faults at most: few are so long that the patience of
# both sides, 10 s, comes to its end.
PACES = ((0.3, 8.0), (0.5, 11.0), (3.0, 25.0))
PACE_WEIGHTS = (8, 8, 1)
NEWS_GAP = 0.8  # seconds between two new versions of an endpoint, on average
DOWN = (0.0, 3.0)  # seconds that a program is down
BAD = (0.2, 6.0)  # seconds that an endpoint or a disk is bad
AWAY = (0.1, 2.5)  # seconds that a stranger has the path
JUMP = 5 * 3600.0  # seconds that the wall clock is set, at most
STALLS = ((0.1, 3.0), (10.5, 12.0))  # seconds; one kind or the other
TROUBLED = 0.35  # the chance that a connection is made to meet with trouble
NEAR = 3000  # bytes within which it does: some frames


class Faults:
    """Does to a world what its seed says, until it is told to be calm."""

    def __init__(self, world: World) -> None:
        """Be ready to begin."""
        self._world = world
        self._chance = world.chance("faults")
        self._gap, most = self._chance.choices(PACES, PACE_WEIGHTS)[0]
        self.seconds = self._chance.uniform(most / 2, most)
        """How long they last."""
        self._is_calm = False
        self._ends: dict[asyncio.TimerHandle, Callable[[], None]] = {}
        world.troubled = self._maybe_trouble
        self._kinds: list[tuple[Callable[[], None], int]] = [
            (self._kill_client, 4),
            (self._kill_in_saving, 4),
            (self._stop_client, 2),
            (self._kill_server, 4),
            (self._kill_all, 1),
            (self._endpoint_fails, 4),
            (self._endpoints_fail, 1),
            (self._disk_refuses, 1),
            (self._disk_slow, 1),
            (self._clock_jumps, 2),
            (self._stranger_comes, 2),
            (self._path_removed, 1),
            (self._wire_troubled, 6),
        ]

    def begin(self) -> None:
        """Start the programs, in any order, then faults and new versions one after the other."""
        self._later(self._chance.uniform(0, 0.5), self._world.start_client)
        for number in range(SERVERS):
            self._start_server_within(number, 0.5)
        for origin in self._world.origins:
            self._renew(origin)
        self._next()

    def calm(self) -> None:
        """End all faults: what is down is up from now on, and nothing new comes."""
        self._is_calm = True
        world = self._world
        world.story.add("faults", "end")
        world.saving, world.troubled = lambda _: None, lambda _: None
        for handle, end in list(self._ends.items()):
            handle.cancel()
            end()
        world.disk.mend()
        for wire in world.network.wires:
            wire.mend()
        for origin in world.origins:
            origin.mood, origin.slips = "well", False
        world.keep_client()
        for number in range(SERVERS):
            world.start_server(number)

    def _next(self) -> None:
        seconds = self._chance.expovariate(1 / self._gap)
        self._world.loop.call_later(seconds, self._strike)

    def _strike(self) -> None:
        if not self._is_calm:
            kinds, weights = zip(*self._kinds, strict=True)
            self._chance.choices(kinds, weights)[0]()
            self._next()

    def _renew(self, origin: Origin) -> None:
        def renew() -> None:
            if not self._is_calm:
                origin.version += 1
                self._renew(origin)

        self._world.loop.call_later(self._chance.expovariate(1 / NEWS_GAP), renew)

    def _later(self, seconds: float, end: Callable[[], None]) -> None:
        """Have something end, or start, after a while; as soon as it is calm at the latest."""

        def ended() -> None:
            del self._ends[handle]
            end()

        handle = self._world.loop.call_later(seconds, ended)
        self._ends[handle] = end

    def _told(self, kind: str, what: str) -> None:
        self._world.counts[kind] += 1
        self._world.story.add("faults", what)

    def _kill_client(self) -> None:
        if self._world.client and not self._is_calm:
            self._world.counts["kills of the client"] += 1
            self._world.kill_client()
        self._start_client_later()

    def _start_client_later(self) -> None:
        def start() -> None:
            self._world.start_client()
            if not self._is_calm:  # where a stranger has the path, it ends at once
                self._world.loop.call_later(0.1, self._start_client_again)

        self._later(self._chance.uniform(*DOWN), start)

    def _start_client_again(self) -> None:
        if not self._world.client and not self._is_calm:
            self._start_client_later()

    def _kill_in_saving(self) -> None:
        world = self._world

        def saving(seconds: float) -> None:
            world.saving = lambda _: None
            world.loop.call_later(self._chance.uniform(0, seconds), self._kill_client)

        world.saving = saving

    def _stop_client(self) -> None:
        if self._world.client:
            self._told("stops of the client", "stop the client")
            self._world.client.stop()
        self._start_client_later()

    def _kill_server(self) -> None:
        number = self._chance.randrange(SERVERS)
        if self._world.servers[number]:
            self._world.counts["kills of servers"] += 1
            self._world.kill_server(number)
        self._start_server_within(number, DOWN[1])

    def _start_server_within(self, number: int, seconds: float) -> None:
        self._later(self._chance.uniform(0, seconds), lambda: self._world.start_server(number))

    def _kill_all(self) -> None:
        self._told("kills of all", "kill all")
        self._kill_client()
        for number in range(SERVERS):
            self._world.kill_server(number)
            self._start_server_within(number, DOWN[1])

    def _endpoint_fails(self) -> None:
        self._fail(self._chance.choice(self._world.origins))

    def _endpoints_fail(self) -> None:
        for origin in self._world.origins:
            self._fail(origin)

    def _fail(self, origin: Origin) -> None:
        origin.mood = self._chance.choice(BAD_MOODS)
        self._told("failures of endpoints", f"endpoint {origin.number} is {origin.mood}")

        def mend() -> None:
            origin.mood = "well"

        self._later(self._chance.uniform(*BAD), mend)

    def _disk_refuses(self) -> None:
        self._told("refusals of the disk", "the disk refuses")
        self._world.disk.refuses = True
        self._later(self._chance.uniform(*BAD), self._world.disk.mend)

    def _disk_slow(self) -> None:
        self._told("slow disks", "the disk is slow")
        self._world.disk.is_slow = True
        self._later(self._chance.uniform(*BAD), self._world.disk.mend)

    def _clock_jumps(self) -> None:
        seconds = self._chance.uniform(-JUMP, JUMP)
        self._told("jumps of the clock", f"the wall clock is set by {seconds:.0f} s")
        self._world.clock.set_wall(seconds)

    def _stranger_comes(self) -> None:
        world = self._world
        self._told("strangers at the path", "a stranger takes the path")
        stranger = Stranger(world.network, self._chance)
        stranger.process.start(stranger.run())
        self._later(self._chance.uniform(*AWAY), stranger.leave)

    def _path_removed(self) -> None:
        self._told("removals of the path", "the path is removed")
        self._world.network.place(None)

    def _wire_troubled(self) -> None:
        if wires := [wire for wire in self._world.network.wires if wire.is_open]:
            self._trouble(self._chance.choice(wires))

    def _maybe_trouble(self, wire: Wire) -> None:
        if self._chance.random() < TROUBLED:
            self._trouble(wire)

    def _trouble(self, wire: Wire) -> None:
        kind = self._chance.choice(KINDS)
        at = wire.down.sent + self._chance.randrange(NEAR)
        stall = self._chance.uniform(*self._chance.choice(STALLS))
        wire.down.trouble = Trouble(kind, at, stall)
        names = {"flip": "flipped bits", "cut": "cut wires", "reset": "cut wires"}
        self._told(
            names.get(kind, "stalled wires"), f"{kind} of {wire.near.owner.name} at byte {at}"
        )
