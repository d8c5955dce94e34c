"""`python -m server --check`: whether it could listen, and what the client would send it."""

import socket
from collections.abc import Mapping
from unittest import mock

from server import check
from server.configuration import Configuration
from server.descriptors import RESERVED
from tests.benchmark.process import free_port
from tests.processes import Ended, command
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.support import AsyncTestCase


class Check(FedTestCase):
    def check(
        self, *words: str, port: int | None = None, environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Check a server on this test's socket."""
        where = ("--host", "127.0.0.1", "--port", str(port or free_port()))
        arguments = ("--check", "--socket", str(self.socket), *where, *words)
        return command("server", *arguments, environment=environment)

    def test_what_the_client_sends_is_told(self) -> None:
        self.feed(snapshot())
        port = free_port()
        ended = self.check(port=port)
        self.assertEqual((ended.status, ended.errors), (0, ""))
        first, second, third = ended.output.splitlines()
        self.assertRegex(first, rf"^127\.0\.0\.1:{port}  +ok  free to listen on$")
        self.assertRegex(second, r"^100 clients  +ok  descriptors for [\d,]+ connections$")
        self.assertRegex(third, rf"^{self.socket}  +ok  2 items, 23 bytes, [\d.]+ s old$")

    def test_too_few_descriptors_for_the_limit_are_told(self) -> None:
        self.feed(snapshot())
        ended = self.check("--limit", "77", environment=self.few_descriptors(RESERVED + 76))
        self.assertEqual((ended.status, ended.errors), (1, ""))
        said = "descriptors for 76 connections only: raise `ulimit -n`, or lower the limit"
        self.assertRegex(ended.output, rf"\n77 clients +failed  {said}\n")

    def test_a_client_that_is_not_there_is_told(self) -> None:
        ended = self.check()
        self.assertEqual((ended.status, ended.errors), (1, ""))
        self.assertRegex(ended.output, r"failed  no client: No such file or directory\n$")

    def test_a_port_that_is_somebody_elses_is_told(self) -> None:
        self.feed(snapshot())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = self.check(port=taken.getsockname()[1])
        self.assertEqual((ended.status, ended.errors), (1, ""))
        self.assertIn(
            "failed  cannot listen there: Address already in use; want another\n", ended.output
        )

    def test_a_server_that_runs_there_is_no_fault_and_is_not_disturbed(self) -> None:
        self.feed(snapshot())
        running = self.fed_server("--limit", "1")
        (inside,) = self.clients(running, 1)
        ended = self.check(port=running.port())
        self.assertEqual((ended.status, ended.errors), (0, ""))
        self.assertIn("ok  this server runs there\n", ended.output)
        self.assertEqual(inside.ask().status, 200)

    def test_a_bad_setting_is_told_as_ever(self) -> None:
        ended = self.check("--limit", "0")
        self.assertEqual((ended.status, ended.output), (2, ""))


class Silence(AsyncTestCase, FedTestCase):
    def test_a_client_that_has_nothing_to_send_is_waited_for_within_a_deadline(self) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.bind(str(self.socket))
            client.listen()
            values = Configuration(1, "127.0.0.1", 0, 5.0, self.socket)

            async def main() -> None:
                with self.assertRaisesRegex(check.CheckError, "sends nothing, tried for 0.1 s"):
                    await check._take(values)

            with mock.patch.object(check, "DEADLINE", 0.1):
                self.run_async(main())
