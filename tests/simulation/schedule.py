"""One schedule: faults, then calm, and what must hold all along and at the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation import patches
from tests.simulation.faults import Faults
from tests.simulation.promises import BrokenError
from tests.simulation.world import World

HEALING = 2.0  # seconds that the servers' connections may take, beside the longest period
# Seconds for what is none of both: a poll, a rendering, a writing and a push, one behind the other.
SLACK = 0.3
LOOK_GAP = 1.5  # seconds between two looks at what servers answer, on average
LOOKS = 2  # of them once all must be well
LAST_LINES = 25  # of a story, for who reads what is broken


@dataclass(frozen=True)
class Outcome:
    """What became of a schedule."""

    digest: str
    """Of its story."""
    counts: Counter[str]
    """How often each kind of fault was."""


def replay(seed: int) -> str:
    """Tell the command that tells the story of a seed."""
    return f"python3 -m tests.simulation --seed {seed} --verbose"


def run(seed: int, tell: Callable[[str], None] | None = None) -> Outcome:
    """Run the schedule of a seed. Raises BrokenError; `tell` is given the story as it happens."""
    world = World(seed, tell)
    with patches.in_place(world, is_logged=tell is not None):
        try:
            world.loop.run_until_complete(_play(world))
        except Exception as error:
            story = "\n".join(world.story.lines[-LAST_LINES:])
            raise BrokenError(
                f"{story}\nseed {seed} is broken: {type(error).__name__}: {error}\n"
                f"replay it with: {replay(seed)}"
            ) from error
        finally:
            world.loop.close()
    return Outcome(world.story.digest(), world.counts)


async def _play(world: World) -> None:
    course = asyncio.create_task(_course(world, Faults(world)))
    course.add_done_callback(lambda task: _conclude(world, task))
    try:
        await world.verdict
    finally:
        course.cancel()
        world.end()
        await asyncio.sleep(0.001)  # for what was cancelled to end


def _conclude(world: World, course: asyncio.Task[None]) -> None:
    if course.cancelled():
        return
    if error := course.exception():
        world.fail(error)
    elif not world.verdict.done():
        world.verdict.set_result(None)


async def _course(world: World, faults: Faults) -> None:
    chance = world.chance("course")
    faults.begin()
    await _look_for(world, chance, faults.seconds)
    faults.calm()
    await _look_for(world, chance, HEALING + world.longest + SLACK)
    for _ in range(LOOKS):
        _check_convergence(world)
        await asyncio.sleep(chance.uniform(0, world.longest))
    _check_convergence(world)
    _check_tidiness(world)


async def _look_for(world: World, chance: random.Random, seconds: float) -> None:
    """Look at what servers answer, at random moments for so many seconds."""
    until = world.loop.time() + seconds
    while (left := until - world.loop.time()) > 0:
        await asyncio.sleep(min(left, chance.expovariate(1 / LOOK_GAP)))
        for server in filter(None, world.servers):
            server.watch.look()


def _check_convergence(world: World) -> None:
    """Check that each server has the newest of all endpoints, and is sure of it."""
    newest = tuple(origin.version for origin in world.origins)
    for server in world.servers:
        if not server or server.watch.versions != newest:
            has = server.watch.versions if server else "gone"
            raise BrokenError(f"a server is {has} long after the faults' end, not at {newest}")
        if (age := server.watch.look()) > world.longest + SLACK:
            raise BrokenError(
                f"{server.process.name} tells an age of {age:g} s, with periods of "
                f"{world.longest:g} s at most"
            )


def _check_tidiness(world: World) -> None:
    """Check that the client holds its socket and a connection a server, and nothing else."""
    client = world.client
    if not client or not client.gateway:
        raise BrokenError("the client is gone")
    held = len(client.process.held)
    pushed_to = len(client.gateway._publisher._subscribers)
    if held != 1 + len(world.servers) or pushed_to != len(world.servers):
        raise BrokenError(f"the client holds {held} sockets and pushes to {pushed_to} servers")
