"""Three servers that lose a program, a container, the client: all comes back, on the same ports."""

import re
import threading
from collections.abc import Iterator, Sequence

from tests.containers import HEALED, Compose, Container, brought_up, run, served
from tests.processes import ROOT
from tests.support import TestCase, wait_until

project: Compose


def setUpModule() -> None:
    """Bring the installation up."""
    global project
    project = brought_up("healing", servers=3)


class Healing(TestCase):
    def up(self) -> None:
        """Bring up what is not up, as with all in .env."""
        project.up(SERVERS="3")

    def all(self) -> Iterator[tuple[str, Container]]:
        """Tell each container, and the name of its service."""
        for service in ("client", "server"):
            for container in project.containers(service):
                yield service, container

    def assert_healed(self) -> None:
        """See to it that all are there, and the ports that were there before, all with data."""
        project.wait_for_data()
        servers = project.containers("server")
        self.assertEqual(sorted(server.port for server in servers), project.ports)
        self.assertEqual(len(project.containers("client")), 1)

    def wait_for_another(self, container: Container, pid: int) -> None:
        """Wait until a container runs its program under another process id."""
        wait_until(lambda: container.pid not in (0, pid), "it runs again", HEALED)

    def test_all_three_have_data(self) -> None:
        self.assert_healed()

    def test_a_program_that_dies_comes_back(self) -> None:
        for service, container in self.all():
            with self.subTest(service):
                try:
                    pid = container.kill_program()
                except PermissionError:
                    self.skipTest("only root can kill a container's program")
                self.wait_for_another(container, pid)
                self.assertEqual(container.inspect()["RestartCount"], 1)
                self.assert_healed()

    def test_restarted_containers_come_back(self) -> None:
        for service in ("client", "server"):
            with self.subTest(service):
                before = {container.pid for _, container in self.all()}
                project.run("restart", service)
                after = {container.pid for _, container in self.all()}
                self.assertEqual(len(after - before), len(project.containers(service)))
                self.assert_healed()

    def test_up_heals_what_was_killed(self) -> None:
        """The engine does not: it takes `docker kill` for a stop."""
        for service, container in self.all():
            with self.subTest(service):
                run("docker", "kill", container.id)
                self.assertEqual(container.pid, 0)
                self.up()
                self.assert_healed()

    def test_up_heals_what_was_removed(self) -> None:
        for service, container in self.all():
            with self.subTest(service):
                run("docker", "rm", "-f", container.id)
                self.up()
                self.assert_healed()
                self.assertNotIn(container, project.containers(service))

    def test_servers_keep_their_data_while_the_client_is_gone(self) -> None:
        (client,) = project.containers("client")
        run("docker", "kill", client.id)
        self.addCleanup(self.assert_healed)
        self.addCleanup(self.up)
        self.assertEqual(client.pid, 0)
        self.assertTrue(all(map(served, project.ports)))

    def test_new_servers_have_data_while_the_endpoints_are_gone(self) -> None:
        """And so a client has that came back: from the state file on the volume."""
        demo = project.container("demo")
        run("docker", "kill", demo.id)
        self.addCleanup(self.assert_healed)
        self.addCleanup(self.up)
        for _, container in self.all():
            run("docker", "restart", "-t", "60", container.id)
        project.wait_for_data()
        self.assertEqual(demo.pid, 0)

    def test_servers_are_replaced_in_turn_without_a_gap(self) -> None:
        before = {container.id for container in project.containers("server")}
        with Caller(project.ports) as caller:
            project.shell(upgrade(), SERVERS="3")
        self.assertEqual(caller.gaps, 0)
        self.assertGreater(caller.answers, 100)
        self.assertEqual(before & {c.id for c in project.containers("server")}, set())
        self.assert_healed()

    def test_a_replacement_that_fails_leaves_the_other_servers(self) -> None:
        with self.assertRaises(AssertionError) as failed:
            project.shell(upgrade(), SERVERS="3", SERVER_PORTS="8080-80820")
        self.assertIn("invalid port", str(failed.exception).lower())
        left = project.containers("server")
        self.assertEqual(len(left), 2)
        self.assertTrue(all(served(server.port) for server in left))
        self.up()
        self.assert_healed()


def upgrade() -> str:
    """Tell the commands of the page on operations."""
    page = (ROOT / "docs" / "operations.md").read_text()
    (commands,) = re.findall(r"```sh\n(\(\n    set -e .*?)```", page, re.DOTALL)
    return str(commands)


class Caller:
    """One who asks all the while, and where a port does not answer the next one."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Ask at these ports."""
        self.answers = 0
        self.gaps = 0
        """How often no port has answered."""
        self._ports = ports
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._call)

    def __enter__(self) -> "Caller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _call(self) -> None:
        while not self._done.wait(0.02):
            if any(served(port) for port in self._ports):
                self.answers += 1
            else:
                self.gaps += 1
