"""Containers that are killed, cut off, paused, and that lose their volume's space, under load."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.containers import (
    HEALED,
    Compose,
    Container,
    brought_up,
    free_ports,
    run,
    served,
)
from tests.faults.containers import (
    OVERRIDE,
    PERIODS,
    SERVERS,
    Strike,
    called,
    play,
    restart_whole,
    strikes,
)
from tests.support import DEADLINE, TestCase, wait_until

KILLS = 6
FAILED = "error client poll failed endpoint=http://demo:8000/{:g} "
SOCKET = "/run/gateway/snapshot.sock"

# A volume of 1 MB, as large as the engine can be told to make one without a device.
SMALL_VOLUME = OVERRIDE | {
    "volumes": {
        "snapshot": {
            "driver_opts": {
                "type": "tmpfs",
                "device": "tmpfs",
                "o": "size=1m,nr_inodes=50,uid=10001,gid=10001,mode=700",
            }
        }
    }
}
UNSAVED = "warning client state not saved"
FILL = """
with open('/run/gateway/filler', 'ab', buffering=0) as filler:
    try:
        while True: filler.write(bytes(512))
    except OSError as error: print(error.strerror)
"""
FILL_INODES = """
import itertools
try:
    for number in itertools.count(): open(f'/run/gateway/filler{number}', 'wb').close()
except OSError as error: print(error.strerror)
"""
FREE = """
import glob, os
for file in glob.glob('/run/gateway/filler*'): os.unlink(file)
"""
WRITTEN = "import json; print(json.load(open('/run/gateway/state.json'))['written'])"

project: Compose


def setUpModule() -> None:
    """Bring the installation up."""
    global project
    project = brought_up("faults", SERVERS, OVERRIDE)


class Lines:
    """What a container logs from now on."""

    def __init__(self, container: Container) -> None:
        """Begin."""
        self._container = container
        self._before = len(container.log())

    def holding(self, text: str) -> list[str]:
        """Tell the lines so far that hold a text."""
        return [line for line in self._container.log()[self._before :] if text in line]

    def wait_for(self, text: str) -> None:
        """Wait for a line that holds a text."""
        wait_until(lambda: self.holding(text), f"it logs: {text}", HEALED)


class UnderLoad(TestCase):
    def setUp(self) -> None:
        if os.geteuid():
            self.skipTest("only root can kill a container's program")
        self.client = project.container("client")
        self.installation = self.enterContext(called(project))
        self.callers = self.installation.callers
        self.addCleanup(self.assert_no_complaint)
        self.addCleanup(self.installation.heal)

    def assert_no_complaint(self) -> None:
        self.assertFalse(self.callers.complaints, "\n".join(self.callers.complaints))
        self.assertGreater(self.callers.answers, 0)

    def cut(self, container: Container, network: str, *alias: str) -> Callable[[], str]:
        """Take a container off a network, and tell how to put it on again."""
        name = project.network(network)
        run("docker", "network", "disconnect", name, container.id)
        return lambda: run("docker", "network", "connect", *alias, name, container.id)


class Kills(UnderLoad):
    def test_no_caller_of_a_living_server_notices(self) -> None:
        chance = random.Random(seed := random.randrange(2**32))
        with self.subTest(seed=seed):
            play(self.installation, strikes(KILLS, chance), chance)

    def test_all_but_the_demo_at_once(self) -> None:
        restart_whole(self.installation, by_engine=False)

    def test_the_same_is_served_after_a_restart_of_all_without_the_endpoints(self) -> None:
        """From the state file; nothing else remembers it."""
        self.strike_demo()
        before = [served(port) for port in project.ports]
        self.assertEqual(before, before[:1] * SERVERS)
        self.installation.strike_all(by_engine=False)
        self.installation.wait_until_running()
        project.wait_for_data()
        self.assertEqual([served(port) for port in project.ports], before)
        self.assertEqual(project.container("demo").pid, 0)
        self.installation.heal()

    def strike_demo(self) -> None:
        """Kill the demo; return when a poll of each endpoint has failed."""
        lines = Lines(self.client)
        self.addCleanup(self.installation.wait_for_news)
        self.addCleanup(self.installation.up)
        run("docker", "kill", project.container("demo").id)
        for period in PERIODS:
            lines.wait_for(FAILED.format(period))


class Networks(UnderLoad):
    def test_servers_do_not_mind_that_the_client_reaches_nothing(self) -> None:
        lines = Lines(self.client)
        mend = self.cut(self.client, "upstream")
        self.assert_polls_fail(lines)
        mend()
        self.installation.wait_for_news()

    def test_nor_that_the_demo_cannot_be_reached(self) -> None:
        """By hand, it must be given its name again, which is Compose's doing."""
        lines = Lines(self.client)
        mend = self.cut(project.container("demo"), "upstream", "--alias", "demo")
        self.assert_polls_fail(lines)
        mend()
        self.installation.wait_for_news()

    def assert_polls_fail(self, lines: Lines) -> None:
        """Wait for failures of each endpoint; each is a line, and there is no other."""
        for period in PERIODS:
            lines.wait_for(FAILED.format(period))
        self.assertEqual(lines.holding("Traceback"), [])

    def test_a_server_that_was_cut_off_answers_at_the_same_port(self) -> None:
        for port, server in self.installation.servers().items():
            with self.installation.excused(port):
                mend = self.cut(server, "downstream")
                self.assertIsNone(served(port))
                mend()
                project.wait_for_data(DEADLINE)
        self.installation.wait_for_news()


class Pauses(UnderLoad):
    def test_servers_serve_while_the_client_is_paused(self) -> None:
        with self.paused(self.client):
            answers = self.callers.answers
            wait_until(lambda: self.callers.answers > answers + 600, "callers are answered")
        self.installation.wait_for_news()

    def test_a_server_that_was_paused_has_the_newest_data(self) -> None:
        port, server = next(iter(self.installation.servers().items()))
        with self.installation.excused(port):
            with self.paused(server):
                self.installation.wait_for_news(without=port)
            wait_until(lambda: served(port), "it answers again")
        self.installation.wait_for_news()

    @contextmanager
    def paused(self, container: Container) -> Iterator[None]:
        """Have a container stand still within the context."""
        run("docker", "pause", container.id)
        try:
            yield
        finally:
            run("docker", "unpause", container.id)


class SocketFile(UnderLoad):
    """That it is there again is shown by a server that starts: it has no other way to data."""

    def test_one_that_was_removed_is_put_back(self) -> None:
        self.client.execute(f"import os; os.unlink({SOCKET!r})")
        self.installation.strike(Strike("server", 0, by_engine=False))
        self.installation.heal()

    def test_one_that_was_replaced_by_a_directory_is_put_back_once_that_is_gone(self) -> None:
        lines = Lines(self.client)
        self.client.execute(f"import os; os.unlink({SOCKET!r}); os.mkdir({SOCKET!r})")
        lines.wait_for("socket file cannot be put back")
        self.installation.strike(Strike("server", 0, by_engine=False))
        self.installation.wait_until_running()
        self.client.execute(f"import os; os.rmdir({SOCKET!r})")
        project.wait_for_data(DEADLINE)
        self.installation.heal()
        self.assertEqual(len(lines.holding("socket file cannot be put back")), 1)


class FullVolume(TestCase):
    """On a project with one server of its own: the real volume cannot be filled up."""

    project: Compose

    @classmethod
    def setUpClass(cls) -> None:
        """Bring it up."""
        cls.project = Compose("full", free_ports(1), SMALL_VOLUME)
        cls.addClassCleanup(cls.project.down)
        cls.project.up("--build")
        cls.project.wait_for_data()

    def setUp(self) -> None:
        if os.geteuid():
            self.skipTest("only root can kill a container's program")
        self.client = self.project.container("client")
        self.installation = self.enterContext(called(self.project, may_go_back=True))
        self.callers = self.installation.callers
        self.addCleanup(lambda: self.assertEqual(self.callers.complaints, []))

    def test_no_bytes_left(self) -> None:
        """Servers go on, a client that dies comes back, and all is saved once there is space."""
        lines = self.fill(FILL)
        self.installation.wait_for_news()
        self.assertEqual(len(lines.holding(UNSAVED)), 1)
        self.client.kill_program()
        lines.wait_for("client started")
        self.assertIn("remembered=3", lines.holding("client started")[-1])
        self.installation.wait_for_news()
        self.assertEqual(len(lines.holding(UNSAVED)), 2)
        self.client.execute(FREE)
        self.assert_saved_again()

    def test_no_inodes_left(self) -> None:
        """Nor one for the socket of a client that comes back, which takes that of the dead one."""
        started = Lines(self.client)
        self.client.kill_program()  # it complains once a minute, and may have done so
        started.wait_for("client started")
        lines = self.fill(FILL_INODES)
        self.installation.wait_for_news()
        self.assertEqual(len(lines.holding(UNSAVED)), 1)
        self.client.kill_program()
        lines.wait_for("client started")
        self.installation.wait_for_news()
        self.client.execute(FREE)
        self.assert_saved_again()

    def fill(self, code: str) -> "Lines":
        """Fill the volume until the client says so, for a save under way leaves space behind."""
        lines = Lines(self.client)

        def is_told() -> list[str]:
            self.assertEqual(self.client.execute(code), "No space left on device")
            return lines.holding(UNSAVED)

        wait_until(is_told, "the client tells that it cannot save its state")
        return lines

    def assert_saved_again(self) -> None:
        """Wait for a state that is saved from now on, and for new data."""
        now = time.time()
        wait_until(lambda: self.is_saved_since(now), "the state is saved again")
        self.installation.wait_for_news()

    def is_saved_since(self, when: float) -> bool:
        """Tell whether the state was saved after a time."""
        return float(self.client.execute(WRITTEN)) > when
