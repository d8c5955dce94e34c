"""Status and health in containers: asked inside the images, and told by the engine."""

import json
from typing import Any

from tests.containers import HEALED, Compose, brought_up, served
from tests.support import TestCase, wait_until

# A check each second, not every five, so that the tests need not wait.
QUICK = {"services": {s: {"healthcheck": {"interval": "1s"}} for s in ("client", "server")}}

project: Compose


def setUpModule() -> None:
    """Bring the installation up."""
    global project
    project = brought_up("status", override=QUICK)


class Status(TestCase):
    def ask(self, service: str, *words: str) -> str:
        """Ask as the README says."""
        return project.run("exec", "-T", service, "python3", "-m", service, *words)

    def status(self, service: str) -> Any:
        """Tell the status of a service's first container."""
        return json.loads(self.ask(service, "status", "--json"))

    def test_each_can_be_asked_inside_its_container(self) -> None:
        client, server = self.status("client"), self.status("server")
        self.assertEqual(len(client["endpoints"]), 3)
        self.assertEqual(client["servers"], 1)
        self.assertEqual((server["host"], server["port"]), ("0.0.0.0", 8080))
        self.assertTrue(server["link"]["connected"])

    def test_all_forms_are_there(self) -> None:
        for service in ("client", "server"):
            with self.subTest(service):
                self.assertIn(f"{service} 1.", self.ask(service, "status"))
                self.assertIn(
                    f"gateway_{service}_info", self.ask(service, "status", "--prometheus")
                )
                self.assertEqual(self.ask(service, "health"), f"{service}: healthy\n")
                self.assertEqual(self.ask(service, "health", "--live"), f"{service}: healthy\n")


class Health(TestCase):
    def test_a_server_without_data_is_unhealthy_and_is_not_restarted(self) -> None:
        project.run("stop", "client")
        server = project.container("server")
        project.run("restart", "server")
        wait_until(lambda: server.health == "unhealthy", "it is unhealthy", HEALED)
        before = server.inspect()
        self.assertEqual(before["RestartCount"], 0)
        self.assertTrue(before["State"]["Running"])
        project.up()
        wait_until(lambda: server.health == "healthy", "it is healthy again", HEALED)
        self.assertEqual(server.inspect()["State"]["StartedAt"], before["State"]["StartedAt"])
        self.assertIsNotNone(served(server.port))

    def test_a_client_whose_endpoints_are_all_gone_is_unhealthy_and_goes_on(self) -> None:
        endpoints = "1=http://demo:8000/15 2=http://demo:8000/30"
        project.up(ENDPOINTS=endpoints)
        self.addCleanup(
            project.up,
        )
        client = project.container("client")
        wait_until(lambda: client.health == "healthy", "it is healthy", HEALED)
        project.run("stop", "demo")
        wait_until(lambda: client.health == "unhealthy", "it is unhealthy", HEALED)
        self.assertTrue(client.inspect()["State"]["Running"])
        self.assertEqual(client.inspect()["RestartCount"], 0)
        self.assertTrue(all(map(served, project.ports)), "the servers have what there was")
        project.run("start", "demo")
        wait_until(lambda: client.health == "healthy", "it is healthy again", HEALED)

    def test_nothing_waits_for_health(self) -> None:
        told = project.run("config")
        self.assertIn("healthcheck", told)
        self.assertNotIn("depends_on", told)
