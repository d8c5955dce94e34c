"""The server's status and health: what it tells of itself, and how it is asked."""

import json
from typing import Any

from server.status import LinkStatus, health
from tests.feeding import Feeder
from tests.processes import Program, command
from tests.samples import ITEMS, snapshot
from tests.servers import FedTestCase
from tests.serving import GET
from tests.support import TestCase, wait_until

SMALL = snapshot()


class Verdict(TestCase):
    def test_a_server_with_data_is_well_be_its_client_there_or_not(self) -> None:
        self.assertEqual(health(True, LinkStatus(False, 3600.0, "Connection refused")), "ok")

    def test_a_server_without_data_is_not(self) -> None:
        self.assertEqual(
            health(False, LinkStatus(True, 1.0, "")),
            "no data yet: the client has pushed none",
        )
        self.assertEqual(
            health(False, LinkStatus(False, 1.0, "No such file or directory")),
            "no data yet: not connected to the client, No such file or directory",
        )


class Asked(FedTestCase):
    def ask(self, server: Program, *words: str) -> tuple[int, str, str]:
        """Ask a server at its port; tell the exit status and what came."""
        where = ("--host", "127.0.0.1", "--port", str(server.port()))
        ended = command("server", *words[:1], *where, *words[1:])
        return ended.status, ended.output, ended.errors

    def status(self, server: Program) -> Any:
        """Tell its status."""
        status, output, errors = self.ask(server, "status", "--json")
        self.assertEqual((status, errors), (0, ""))
        return json.loads(output)

    def health(self, server: Program, *words: str) -> tuple[int, str]:
        """Tell the exit status and the line of a health check."""
        status, output, errors = self.ask(server, "health", *words)
        self.assertEqual(errors, "")
        return status, output

    def test_the_figures_are_what_has_happened(self) -> None:
        self.feed(SMALL)
        server = self.fed_server("--limit", "2")
        inside = self.clients(server, 2)
        self.assertEqual(self.ask_once(server.port()), 503)
        self.assertEqual(inside[0].ask(GET.replace(b"/ ", b"/x ")).status, 404)
        self.assertEqual(inside[0].ask(GET.replace(b"GET", b"PUT")).status, 405)
        self.assertEqual(inside[0].ask(GET.replace(b"/ ", b"/y ")).status, 404)
        status = self.status(server)
        self.assertEqual(status["clients"], {"now": 2, "most": 2, "limit": 2, "connections": 2})
        self.assertEqual(
            status["answers"],
            {"requests": 5, "refused": 1, "cut": 0, "errors": {"404": 2, "405": 1}},
        )
        self.assertEqual(status["port"], server.port())
        self.assertEqual(status["program"]["health"], "ok")
        self.assertEqual(status["snapshot"]["items"], len(ITEMS))
        self.assertEqual(status["snapshot"]["bytes"], len(SMALL.identity))
        self.assertEqual(status["snapshot"]["gzip_bytes"], len(SMALL.gzip))
        self.assertEqual(status["snapshot"]["digest"], SMALL.identity_digest.hex())
        self.assertEqual(status["snapshot"]["last_modified"], SMALL.last_modified)
        self.assertGreaterEqual(status["snapshot"]["age"], 0)
        self.assertTrue(status["link"]["connected"])

        inside[0].close()
        wait_until(lambda: self.status(server)["clients"]["now"] == 1, "a slot is free again")
        self.assertEqual(self.status(server)["clients"]["most"], 2)

    def test_at_its_limit_a_server_is_healthy_and_asking_takes_no_slot(self) -> None:
        self.feed(SMALL)
        server = self.fed_server("--limit", "1")
        (inside,) = self.clients(server, 1)
        for _ in range(3):
            self.assertEqual(self.health(server), (0, "server: healthy\n"))
        self.assertEqual(inside.ask().status, 200)
        self.assertEqual(self.status(server)["answers"]["refused"], 0)

    def test_without_data_a_server_lives_but_is_not_healthy(self) -> None:
        server = self.server()
        server.wait_for("not connected")
        self.assertEqual(
            self.health(server),
            (1, "server: no data yet: not connected to the client, No such file or directory\n"),
        )
        self.assertEqual(self.health(server, "--live"), (0, "server: healthy\n"))
        self.assertIsNone(self.status(server)["snapshot"])
        self.feed(SMALL)
        wait_until(lambda: self.health(server)[0] == 0, "it has data")

    def test_a_server_whose_client_is_gone_is_healthy_and_tells_for_how_long(self) -> None:
        with Feeder(self.socket, SMALL):
            server = self.fed_server()
        server.wait_for("not connected")
        self.assertEqual(self.health(server), (0, "server: healthy\n"))
        link = self.status(server)["link"]
        self.assertFalse(link["connected"])
        self.assertIn(
            link["reason"], ("the client closed the connection", "No such file or directory")
        )
        self.assertGreater(self.status(server)["link"]["seconds"], link["seconds"])

    def test_servers_in_one_network_namespace_answer_each_for_itself(self) -> None:
        self.feed(SMALL)
        first, second = self.fed_server(), self.server("--limit", "7")
        # The same port, at another address.
        third = self.server("--host", "127.0.0.2", "--port", str(first.port()), "--limit", "8")
        third.wait_for("server started")
        self.assertEqual(self.status(first)["clients"]["limit"], 100)
        self.assertEqual(self.status(second)["clients"]["limit"], 7)
        asked = command(
            "server", "status", "--json", "--host", "127.0.0.2", "--port", str(first.port())
        )
        self.assertEqual(json.loads(asked.output)["clients"]["limit"], 8)

    def test_a_server_that_is_found_by_its_name_need_not_be_named_as_it_was(self) -> None:
        server = self.server()
        asked = command(
            "server",
            "health",
            "--live",
            environment={"HOST": "localhost", "PORT": str(server.port())},
        )
        self.assertEqual((asked.status, asked.output), (0, "server: healthy\n"))

    def test_a_restarted_server_can_be_asked_at_once(self) -> None:
        self.feed(SMALL)
        server = self.fed_server()
        port = server.port()
        server.kill()
        again = self.server("--port", str(port))
        again.wait_for("snapshot received")
        self.assertEqual(self.health(again), (0, "server: healthy\n"))
