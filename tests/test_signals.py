"""Signals: a program stops once, however often it is asked to."""

import re
import signal

from tests.demo.behaviours import array
from tests.polled import PolledTestCase
from tests.processes import Program
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.serving import GET
from tests.support import wait_until


def flood(program: Program, number: signal.Signals) -> int:
    """Send a signal again and again until the program has ended; return its status."""

    def has_ended() -> bool:
        for _ in range(20):
            program.send(number)
        return not program.is_running()

    wait_until(has_ended, f"it ends by {number.name}", deadline=15)
    return program.end()


class RepeatedSignals(PolledTestCase, FedTestCase):
    def assert_nothing_but_the_log(self, program: Program) -> None:
        """Check that no line is one of the interpreter's, such as of a traceback."""
        others = [line for line in program.lines if not re.match(r"20\d\d-\d\d-\d\dT", line)]
        self.assertEqual(others, [])

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
                self.assert_nothing_but_the_log(client)
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
                self.assert_nothing_but_the_log(server)
