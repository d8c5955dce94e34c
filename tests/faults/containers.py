"""Containers that are killed under load: what callers of the published ports see of it."""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.containers import HEALED, Compose, Container, free_ports, lacking, served
from tests.containers import run as command
from tests.demo.periods import path
from tests.faults.callers import Callers, Server, calling
from tests.faults.demo_model import Beats
from tests.faults.kills import told
from tests.support import DEADLINE, wait_until

SERVERS = 3
PERIODS = (0.5, 1.0, 2.0)  # seconds; with those of the demo, nothing would be new for long
ENDPOINTS = " ".join(f"{period:g}=http://demo:8000{path(period)}" for period in PERIODS)
RESTARTS = 5  # kills for one restart of the whole
HASTE = 0.3  # of the kills, those that the next one does not wait for

# What the demo's container runs, instead of the demo with its own periods.
PLAY = f"""
import threading
from tests.demo.endpoints import Endpoints
from tests.demo.periods import play_data
from tests.demo.signals import on_ending
ended = threading.Event()
on_ending(ended.set)
with Endpoints("0.0.0.0", 8000) as endpoints:
    play_data(endpoints, {PERIODS})
    while not ended.wait(0.1):
        pass
"""
OVERRIDE = {
    "services": {
        "client": {"environment": {"ENDPOINTS": ENDPOINTS}},
        "demo": {"entrypoint": ["python3", "-c", PLAY], "command": []},
    }
}


@dataclass(frozen=True)
class Strike:
    """One kill."""

    service: str
    number: int
    """Which of the service's containers, counted from 0."""
    by_engine: bool
    """By `docker kill`, which `up` heals; otherwise the program is killed, and the engine does."""


def strikes(times: int, chance: random.Random) -> list[Strike]:
    """Tell so many kills in a random order: each container in turn, in each of the two ways.

    In turn, since the engine waits twice as long each time that a container lived under 10 s.
    """
    victims = [("client", 0), ("demo", 0), *(("server", number) for number in range(SERVERS))]
    kinds = [Strike(*victim, by_engine) for victim in victims for by_engine in (False, True)]
    chosen: list[Strike] = []
    while len(chosen) < times:
        chosen += chance.sample(kinds, len(kinds))
    return chosen[:times]


@contextmanager
def called(project: Compose, may_go_back: bool = False) -> Iterator["Installation"]:
    """Have the ports of a project that is up be called for as long as the context lasts."""
    beats = Beats(PERIODS)
    ports = [Server(f"port {port}", port) for port in project.ports]
    # A first snapshot may lack endpoints whose first poll has failed.
    wait_until(
        lambda: all(len(served(each.port) or ()) == beats.size for each in ports),
        "all endpoints' data is served",
        HEALED,
    )
    for each in ports:
        each.begin(has_served=True)
    with calling(ports, beats.judge, len(PERIODS), may_go_back) as callers:
        yield Installation(project, ports, callers, beats)


class Installation:
    """A project whose containers are killed, and the callers of its ports."""

    def __init__(
        self, project: Compose, ports: Sequence[Server], callers: Callers, beats: Beats
    ) -> None:
        """Take a project that is up and serves."""
        self._project = project
        self._ports = {each.port: each for each in ports}
        self._beats = beats
        self.callers = callers
        self._wounded: dict[Container, int] = {}
        """The containers that have been killed, with the process id that each had."""
        self._stopped = False

    def servers(self) -> dict[int, Container]:
        """Tell the servers by their ports; who is down together may come back at another's."""
        return {server.port: server for server in self._project.containers("server")}

    def up(self) -> None:
        """Bring up what is not up, as with the number of servers in .env."""
        self._project.up(SERVERS=str(len(self._ports)))

    def strike(self, strike: Strike) -> None:
        """Kill a container; nothing is waited for, unless two servers would be down at once."""
        is_server = strike.service == "server"
        if is_server and any(not each.runs for each in self._ports.values()):
            self.heal()
        if not is_server:
            self._kill(self._project.container(strike.service), strike.by_engine)
            return
        port, container = sorted(self.servers().items())[strike.number]
        self._ports[port].end()
        self._kill(container, strike.by_engine)

    def _kill(self, container: Container, by_engine: bool) -> None:
        if container in self._wounded:
            self.heal()
        self._wounded[container] = container.pid
        if by_engine:
            self._stopped = True
            command("docker", "kill", container.id)
        else:
            container.kill_program()

    def strike_all(self, by_engine: bool) -> None:
        """Kill all but the demo, as nearly at once as can be."""
        everything = [*self.servers().values(), self._project.container("client")]
        for each in self._ports.values():
            each.end()
        self._wounded |= {container: container.pid for container in everything}
        if by_engine:
            self._stopped = True
            command("docker", "kill", *(container.id for container in everything))
        else:
            for container in everything:
                container.kill_program()

    def heal(self) -> None:
        """Bring up what the engine does not; wait until all run again, and all ports serve."""
        if self._stopped:
            self.up()
        self.wait_until_running()
        self._project.wait_for_data()
        for each in self._ports.values():
            if not each.runs:
                each.begin(has_served=True)
        self._wounded, self._stopped = {}, False

    @contextmanager
    def excused(self, port: int) -> Iterator[None]:
        """Have nobody call a port within the context, at whose end it serves again."""
        self._ports[port].end()
        yield
        self._ports[port].begin(has_served=True)

    def wait_until_running(self) -> None:
        """Wait until all that was killed runs again, whether it serves or not."""
        for container, pid in self._wounded.items():
            wait_until(_Anew(container, pid), f"{container} runs again", HEALED)

    def wait_for_news(self, without: int | None = None) -> None:
        """Wait until all ports, but perhaps one, have served what no endpoint had before."""
        news = self._beats.current(time.time() + PERIODS[0])
        names = [each.name for each in self._ports.values() if each.port != without]
        wait_until(lambda: self.callers.have(news, names), "there is new data", DEADLINE)


@dataclass(frozen=True)
class _Anew:
    """Whether a container runs its program under another process id than before."""

    container: Container
    before: int

    def __call__(self) -> bool:
        return self.container.pid not in (0, self.before)


def play(installation: Installation, kills: Sequence[Strike], chance: random.Random) -> None:
    """Kill one after the other, some before the one before has healed."""
    for strike in kills:
        installation.strike(strike)
        if chance.random() >= HASTE:
            installation.heal()
    installation.heal()
    installation.wait_for_news()


def restart_whole(installation: Installation, by_engine: bool) -> None:
    """Kill the client and the servers, all of them, and wait for them."""
    installation.strike_all(by_engine)
    installation.heal()
    installation.wait_for_news()


def run(tell: Callable[[str], None], times: int = 100) -> bool:
    """Kill so many times under load, and tell what callers saw; False if a promise was broken."""
    if reason := lacking() or (os.geteuid() and "only root can kill a container's program"):
        tell(f"nothing was tried: {reason}")
        return False
    seed = random.randrange(2**32)
    with ExitStack() as stack:
        project = Compose("kills", free_ports(SERVERS), OVERRIDE)
        stack.callback(project.down)
        project.up("--build", SERVERS=str(SERVERS))
        project.wait_for_data()
        installation = stack.enter_context(called(project))
        chance, restarts = random.Random(seed), 0
        for part in _parts(strikes(times, chance)):
            play(installation, part, chance)
            restart_whole(installation, by_engine=chance.random() < 0.5)
            restarts += 1
        tell(f"{times:7,} × a container or its program killed (seed {seed})")
        tell(f"{restarts:7,} × the whole killed and started")
        return told(tell, installation.callers)


def _parts(kills: Sequence[Strike]) -> Iterator[Sequence[Strike]]:
    for start in range(0, len(kills), RESTARTS):
        yield kills[start : start + RESTARTS]
