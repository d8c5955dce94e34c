"""The first start of an installation, in every order, and the settings it is started with."""

import time
import unittest

from client.configuration import SETTINGS as CLIENT_SETTINGS
from server.configuration import SETTINGS as SERVER_SETTINGS
from shared.life import COMMON_SETTINGS
from tests.containers import (
    HEALED,
    SETTINGS,
    USER,
    Compose,
    Container,
    compose_command,
    free_ports,
    lacking,
    merged,
    run,
    served,
    shell,
)
from tests.demo.periods import PERIODS, path
from tests.processes import ROOT
from tests.support import TestCase, wait_until


def setUpModule() -> None:
    """Skip all where no container can be run."""
    if reason := lacking():
        raise unittest.SkipTest(reason)


def is_merged(port: int) -> bool:
    """Tell whether a port serves what the three endpoints have now, merged."""
    asked = time.time()
    array = served(port)
    return array in merged(asked) + merged(time.time())


class FirstStart(TestCase):
    def project(self, name: str, **environment: str) -> Compose:
        """Make a project that has never been up, to be taken down at the end of the test."""
        compose = Compose(name, free_ports(1), **environment)
        self.addCleanup(compose.down)
        return compose

    def wait_for_line(self, compose: Compose, service: str, text: str) -> None:
        """Wait until a service has logged a text."""
        wait_until(lambda: text in compose.run("logs", service), f"{service} logs {text}", HEALED)

    def assert_served(self, compose: Compose) -> None:
        """Wait for the merged array; the promise is ten seconds, the deadline five times that."""
        wait_until(lambda: is_merged(compose.ports[0]), "the merged array is served", 50)

    def assert_owned(self, container: Container) -> None:
        """See to it that the volume is the programs' alone, as a container sees it."""
        code = "import os; s = os.stat('/run/gateway'); print(s.st_uid, s.st_gid, oct(s.st_mode))"
        self.assertEqual(container.execute(code), f"{USER} {USER} 0o40700")

    def test_one_command_is_all(self) -> None:
        compose = self.project("one")
        compose.up("--build")
        self.assert_served(compose)

    def test_the_server_may_come_first(self) -> None:
        """On a fresh volume, which must be the client's to write to all the same."""
        compose = self.project("server")
        compose.up("--build", "--no-deps", "server")
        self.wait_for_line(compose, "server", "started")
        self.assert_owned(compose.container("server"))
        compose.up("--build")
        self.assert_served(compose)

    def test_the_client_may_come_first(self) -> None:
        compose = self.project("client")
        compose.up("--build", "demo", "client")
        self.wait_for_line(compose, "client", "snapshot pushed")
        self.assert_owned(compose.container("client"))
        compose.up("--build")
        self.assert_served(compose)

    def test_settings_reach_the_programs(self) -> None:
        """All but where the server listens, which the published port is bound to."""
        compose = self.project("settings", **SETTINGS)
        compose.up("--build")
        self.assert_served(compose)
        for service, settings in (("client", CLIENT_SETTINGS), ("server", SERVER_SETTINGS)):
            given = compose.container(service).inspect()["Config"]["Env"]
            for setting in settings + COMMON_SETTINGS:
                if setting.variable not in ("ENDPOINTS", "HOST", "PORT"):
                    self.assertIn(
                        f"{setting.variable}={SETTINGS[setting.variable]}", given, service
                    )


class Defaults(TestCase):
    def test_env_switches_the_demo_on_and_points_the_client_at_it(self) -> None:
        if "COMPOSE_PROFILES=demo" not in (ROOT / ".env").read_text().splitlines():
            self.skipTest(".env has its user's own endpoints")
        command = compose_command()
        assert command
        told = run(*command, "config", environment=shell())
        for period in PERIODS:
            self.assertIn(f"{period:g}=http://demo:8000{path(period)}", told)
