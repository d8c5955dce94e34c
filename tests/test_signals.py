"""Signals: a program stops once, however often it is asked to."""

import signal

from tests.demo.behaviours import array
from tests.polled import PolledTestCase
from tests.processes import Program
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.serving import GET
from tests.support import wait_until


def flood(program: Program, number: signal.Signals) -> int:
    """Send a signal a thousand times a second until the program has ended; return its status."""

    def has_ended() -> bool:
        if program.is_running():
            program.send(number)
        return not program.is_running()

    wait_until(has_ended, f"it ends by {number.name}", deadline=15)
    return program.end()


class RepeatedSignals(PolledTestCase, FedTestCase):
    def test_the_client_stops_once(self) -> None:
        self.endpoints.play("/data", array(["630e1244"]))
        endpoint = f"60={self.endpoints.url('/data')}"
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                arguments = ("--socket", str(self.socket), "--endpoint", endpoint)
                client = self.enterContext(Program("client", *arguments))
                client.wait_for("snapshot pushed")
                self.assertEqual(flood(client, number), 0)
                self.assertEqual(len(client.logged("client stopped")), 1)
                self.assertFalse(client.logged("Traceback"))
                self.assertFalse(self.socket.exists())

    def test_the_server_stops_once_and_finishes_the_answers_under_way(self) -> None:
        data = snapshot(padding=300_000)
        self.feed(data)
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                server = self.fed_server()
                caller = self.connect(server)
                caller.send(GET)
                self.assertTrue(caller.readable(5))
                server.send(number)
                server.send(number)
                self.assertEqual(caller.response().body, data.identity)
                self.assertEqual(flood(server, number), 0)
                self.assertEqual(len(server.logged("server stopped")), 1)
                self.assertFalse(server.logged("Traceback"))
