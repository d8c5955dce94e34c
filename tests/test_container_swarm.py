"""The stack's file in a swarm of one node: what answers, what comes back, what is left alone."""

import http.client
import time

from client.configuration import SETTINGS as CLIENT_SETTINGS
from server.configuration import SETTINGS as SERVER_SETTINGS
from tests.containers import HEALED, PYTHON, SETTINGS, Container, free_ports, merged, run, served
from tests.outsider import Outsider
from tests.support import TestCase, wait_until
from tests.swarm import Stack, made

COMMON = {"SNAPSHOT_SOCKET", "LOG_LEVEL", "LOG_FORMAT"}
NOT_HANDED_ON = {"HOST", "PORT"}  # what is published is bound to them
CHECKS = 5  # how many of a container's checks of health the engine remembers

port: int
as_is: Stack
several: Stack


def setUpModule() -> None:
    """Deploy the file as it is, and as its comments tell to change it, two servers on a bridge."""
    global port, as_is, several
    swarm = made()
    (port,) = free_ports(1)
    as_is = swarm.stack("as-is", {}, SERVER_PORT=str(port), **SETTINGS)
    servers = {
        "deploy": {"mode": "replicated", "replicas": 2},
        "healthcheck": {"interval": "1s"},  # so that a test need not wait for long
    }
    downstream = {"external": True, "name": swarm.bridge()}
    override = {"services": {"server": servers}, "networks": {"downstream": downstream}}
    several = swarm.stack("several", override, SERVER_PORT="0")
    wait_for_data(port)
    wait_for_several()


def wait_for_data(*ports: int) -> None:
    """Wait until every port serves."""
    wait_until(lambda: all(map(served, ports)), "every port serves", HEALED)


def wait_for_several() -> None:
    """Wait until both servers that share a node serve."""
    servers = several.wait_for("server", 2)
    wait_for_data(*(server.port for server in servers))


def status(published: int) -> int:
    """Tell the status of the answer at a port."""
    connection = http.client.HTTPConnection("127.0.0.1", published, timeout=5)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        return connection.getresponse().status
    finally:
        connection.close()


def checks(container: Container) -> list[int]:
    """Tell the exit statuses of the latest checks of a container's health."""
    return [check["ExitCode"] for check in container.inspect()["State"]["Health"]["Log"]]


def wait_for_checks(container: Container) -> None:
    """Wait until a container's health has been checked as often as the engine remembers."""
    wait_until(lambda: len(checks(container)) == CHECKS, "its health is checked", HEALED)


class AsItIs(TestCase):
    def test_the_published_port_serves_the_merged_array(self) -> None:
        asked = time.time()
        array = served(port)
        self.assertIn(array, merged(asked) + merged(time.time()))

    def test_the_containers_have_no_more_rights_than_those_of_compose(self) -> None:
        for service, writes in (("client", True), ("server", False)):
            (container,) = as_is.wait_for(service, 1)
            with self.subTest(service):
                details = container.inspect()
                self.assertEqual(details["HostConfig"]["CapDrop"], ["ALL"])
                self.assertTrue(details["HostConfig"]["ReadonlyRootfs"])
                self.assertEqual(details["HostConfig"]["Memory"], 2 * 2**30)
                self.assertEqual(details["HostConfig"]["PidsLimit"], 512)
                self.assertEqual([mount["RW"] for mount in details["Mounts"]], [writes])

    def test_settings_reach_the_programs(self) -> None:
        for service, settings in (("client", CLIENT_SETTINGS), ("server", SERVER_SETTINGS)):
            (container,) = as_is.wait_for(service, 1)
            given = container.inspect()["Config"]["Env"]
            names = COMMON | {setting.variable for setting in settings} - NOT_HANDED_ON
            for name in names - {"ENDPOINTS"}:
                self.assertIn(f"{name}={SETTINGS[name]}", given, service)

    def test_a_program_that_dies_comes_back(self) -> None:
        for service in ("client", "server"):
            with self.subTest(service):
                (before,) = as_is.wait_for(service, 1)
                try:
                    before.kill_program()
                except PermissionError:
                    self.skipTest("only root can kill a container's program")
                as_is.wait_for(service, 1, before)
                wait_for_data(port)


class SeveralOnANode(TestCase):
    def test_each_port_that_the_engine_has_picked_serves(self) -> None:
        ports = {server.port for server in several.wait_for("server", 2)}
        self.assertEqual(len(ports), 2)
        wait_for_data(*ports)

    def test_a_server_without_data_is_left_alone(self) -> None:
        """Though the image's own check would have the swarm kill it, again and again."""
        self.addCleanup(wait_for_several)
        self.addCleanup(several.deploy)
        before = several.wait_for("server", 2)
        several.remove("client")
        try:
            for server in before:
                server.kill_program()
        except PermissionError:
            self.skipTest("only root can kill a container's program")
        after = several.wait_for("server", 2, *before)
        for server in after:
            wait_for_checks(server)
            self.assertEqual(checks(server), [0] * CHECKS)
            self.assertEqual(status(server.port), 503)
            with self.assertRaisesRegex(AssertionError, "ended with 1"):
                run("docker", "exec", server.id, PYTHON, "-m", "server", "health")
        self.assertCountEqual(several.containers("server"), after)

    def test_servers_on_a_bridge_have_no_way_out(self) -> None:
        """That the client reaches the host shows that the host is there to be reached."""
        outsider = Outsider(self)
        code = (
            "import socket\n"
            f"try: socket.create_connection(({outsider.address!r}, 80), 4).close()\n"
            "except OSError as error: print(type(error).__name__)\n"
            "else: print('reached')"
        )
        (client,) = several.wait_for("client", 1)
        self.assertEqual(client.execute(code), "reached")
        server, _ = several.wait_for("server", 2)
        self.assertEqual(server.execute(code), "TimeoutError")
