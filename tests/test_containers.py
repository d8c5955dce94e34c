"""The containers of a running installation: privileges, logs, the volume, networks."""

import errno
import time

from tests.containers import USER, Compose, brought_up, run
from tests.demo.periods import PERIODS, path
from tests.outsider import Outsider
from tests.support import TestCase, wait_until

SERVICES = ("client", "server", "demo")
HEALTHY = 5 * 15  # seconds after a start; the promise is 15
STOPPED_WITHIN = 15  # seconds; the promise is three

project: Compose


def setUpModule() -> None:
    """Bring the installation up."""
    global project
    project = brought_up("containers")


class Programs(TestCase):
    def test_both_are_healthy_soon(self) -> None:
        for service in ("client", "server"):
            container = project.container(service)
            wait_until(lambda: container.health == "healthy", f"{service} is healthy", HEALTHY)  # noqa: B023

    def test_each_runs_without_privileges(self) -> None:
        """As process 1 tells it: the user, no capability to be had, none to be gained."""
        for service in SERVICES:
            with self.subTest(service):
                status = project.container(service).execute("print(open('/proc/1/status').read())")
                told = dict(line.split(":\t", 1) for line in status.splitlines())
                self.assertEqual(told["Uid"].split(), [str(USER)] * 4)
                self.assertEqual(told["Gid"].split(), [str(USER)] * 4)
                self.assertEqual(
                    {int(told[f"Cap{kind}"], 16) for kind in ("Eff", "Prm", "Bnd")}, {0}
                )
                self.assertEqual(told["NoNewPrivs"], "1")

    def test_the_root_of_each_is_read_only(self) -> None:
        code = "import os; print(bool(os.statvfs('/').f_flag & os.ST_RDONLY))"
        for service in SERVICES:
            with self.subTest(service):
                self.assertEqual(project.container(service).execute(code), "True")

    def test_there_is_no_shared_memory_to_write_to(self) -> None:
        code = "import os; print(os.path.exists('/dev/shm'))"
        for service in SERVICES:
            with self.subTest(service):
                self.assertEqual(project.container(service).execute(code), "False")

    def test_each_is_bounded_and_comes_back(self) -> None:
        for service in SERVICES:
            with self.subTest(service):
                host = project.container(service).inspect()["HostConfig"]
                self.assertGreater(host["Memory"], 0)
                self.assertGreater(host["PidsLimit"], 0)
                self.assertEqual(host["RestartPolicy"]["Name"], "unless-stopped")
                self.assertLessEqual({"max-size", "max-file"}, set(host["LogConfig"]["Config"]))

    def test_each_ends_with_0_when_stopped(self) -> None:
        self.addCleanup(project.wait_for_data)
        self.addCleanup(project.up)
        for service in SERVICES:
            with self.subTest(service):
                container = project.container(service)
                began = time.monotonic()
                run("docker", "stop", "-t", "60", container.id)
                self.assertLess(time.monotonic() - began, STOPPED_WITHIN)
                state = container.inspect()["State"]
                self.assertEqual((state["Status"], state["ExitCode"]), ("exited", 0))

    def test_the_logs_tell_the_story(self) -> None:
        log = project.run("logs", "--no-color", "client")
        for period in PERIODS:
            self.assertRegex(
                log, rf"info client polled endpoint=\S+{path(period)} outcome=ok items=36"
            )
        self.assertRegex(
            log, r"info client snapshot pushed items=\d+ bytes=\d+ gzip=\d+ servers=\d+"
        )
        self.assertIn("info client server connected", log)
        self.assertIn("info server snapshot received", project.run("logs", "server"))


class Volume(TestCase):
    def test_a_server_cannot_write_to_it(self) -> None:
        server = project.container("server")
        for attempt in (
            "open('/run/gateway/file', 'w')",
            "os.unlink('/run/gateway/snapshot.sock')",
            "os.rename('/run/gateway/state.json', '/run/gateway/other')",
            "os.chmod('/run/gateway', 0o777)",
        ):
            with self.subTest(attempt):
                code = f"import os\ntry: {attempt}\nexcept OSError as error: print(error.errno)"
                self.assertEqual(server.execute(code), str(errno.EROFS))


class Networks(TestCase):
    def networks(self, service: str) -> set[str]:
        """Tell the networks that a service is on."""
        return set(project.container(service).inspect()["NetworkSettings"]["Networks"])

    def test_servers_share_none_with_the_client_or_the_demo(self) -> None:
        self.assertEqual(self.networks("client"), self.networks("demo"))
        self.assertTrue(self.networks("client").isdisjoint(self.networks("server")))

    def test_only_servers_publish_a_port(self) -> None:
        for service, published in (("client", 0), ("demo", 0), ("server", 1)):
            ports = project.container(service).inspect()["NetworkSettings"]["Ports"]
            self.assertEqual(len(ports), published, service)

    def test_servers_have_no_way_out(self) -> None:
        """That the client reaches the host shows that the host is there to be reached."""
        outsider = Outsider(self)
        code = (
            "import socket\n"
            f"try: socket.create_connection(({outsider.address!r}, 80), 4).close()\n"
            "except OSError as error: print(repr(error))\n"
            "else: print('reached')"
        )
        self.assertEqual(project.container("client").execute(code), "reached")
        server = project.container("server")
        self.assertEqual(server.execute(code), "TimeoutError('timed out')")
        self.assertEqual(project.container("client").execute(code), "reached")

    def test_a_host_outside_is_served(self) -> None:
        outsider = Outsider(self)
        code = (
            "import urllib.request\n"
            f"url = 'http://{outsider.gateway}:{project.ports[0]}'\n"
            "print(urllib.request.urlopen(url, timeout=10).status)"
        )
        self.assertEqual(outsider.execute(code), "200")
