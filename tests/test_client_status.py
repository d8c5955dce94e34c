"""The client's status and health: what it tells of itself, and how it is asked."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from client.endpoint import parse_endpoint
from client.record import Record
from client.results import Result
from client.status import EndpointStatus, health
from tests.demo.behaviours import array
from tests.demo.faults import FAULTS
from tests.polled import PolledTestCase
from tests.processes import Program, command
from tests.support import TestCase, wait_until

ENDPOINT = parse_endpoint("15=http://user:password@one.example/?key=secret")
NOW, WALL = 1000.0, 1_800_000_000.0  # of the boot clock, and of the wall's


def status_of(record: Record, result: Result | None) -> EndpointStatus:
    """Tell the status of the endpoint."""
    return EndpointStatus.of(ENDPOINT, record, result, NOW, WALL)


class AnEndpoint(TestCase):
    def test_one_never_polled_has_no_figures_yet(self) -> None:
        status = status_of(Record(), None)
        self.assertEqual((status.polls, status.failures), (0, 0))
        self.assertEqual(
            {status.age, status.last_success, status.items, status.last_error, status.next_poll},
            {None},
        )

    def test_a_success_ends_the_failures_in_a_row_and_the_last_error_stays(self) -> None:
        record = Record()
        record.fail("status 500", NOW - 20)
        record.fail("timed out", NOW - 10)
        self.assertEqual(status_of(record, None).failures_in_a_row, 2)
        record.succeed()
        record.next_poll = NOW + 12
        status = status_of(record, Result(b"aaaaaaaabbbbbbbb", NOW - 3))
        self.assertEqual((status.polls, status.failures, status.failures_in_a_row), (3, 2, 0))
        self.assertEqual((status.last_error, status.last_error_age), ("timed out", 10))
        self.assertEqual((status.age, status.last_success), (3, WALL - 3))
        self.assertEqual((status.items, status.next_poll), (2, 12))

    def test_its_secrets_are_not_told(self) -> None:
        self.assertEqual(status_of(Record(), None).endpoint, "http://***@one.example/?key=***")


class Verdict(TestCase):
    def verdict(self, ages: dict[float, float | None], uptime: float) -> str:
        """Tell the health of a client with endpoints of some periods, by their ages."""
        statuses = []
        for period, age in ages.items():
            endpoint = parse_endpoint(f"{period}=http://one.example/{period}")
            result = None if age is None else Result(b"", NOW - age)
            statuses.append(EndpointStatus.of(endpoint, Record(), result, NOW, WALL))
        return health(statuses, uptime)

    def test_one_endpoint_that_answers_is_enough(self) -> None:
        self.assertEqual(self.verdict({15: 10_000, 30: None, 60: 179}, 10_000), "ok")

    def test_none_for_three_of_its_periods_is_not(self) -> None:
        self.assertEqual(
            self.verdict({15: 46, 30: 91, 60: 181}, 10_000),
            "no endpoint has answered well for 3 of its periods",
        )

    def test_a_client_that_has_just_started_has_three_periods_for_it(self) -> None:
        self.assertEqual(self.verdict({15: None}, 44), "ok")
        self.assertNotEqual(self.verdict({15: None}, 46), "ok")

    def test_so_has_one_that_remembers_what_is_older_than_itself(self) -> None:
        self.assertEqual(self.verdict({15: 5000}, 44), "ok")
        self.assertNotEqual(self.verdict({15: 5000}, 46), "ok")


class Asked(PolledTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.endpoints.play("/good", array(["aaaaaaaa", "bbbbbbbb"]))
        self.endpoints.play("/bad", FAULTS["status-500"])

    def client(self, *periods_and_paths: str) -> Program:
        """Start a client that polls these, such as `0.05=/good`."""
        pairs = (each.split("=") for each in periods_and_paths)
        endpoints = [f"--endpoint={period}={self.endpoints.url(path)}" for period, path in pairs]
        return self.enterContext(Program("client", "--socket", str(self.socket), *endpoints))

    def status(self) -> Any:
        """Tell the client's status."""
        ended = command("client", "status", "--socket", str(self.socket), "--json")
        self.assertEqual((ended.status, ended.errors), (0, ""))
        return json.loads(ended.output)

    def health(self, *words: str) -> tuple[int, str]:
        """Tell the exit status and the line of a health check."""
        ended = command("client", "health", "--socket", str(self.socket), *words)
        self.assertEqual(ended.errors, "")
        return ended.status, ended.output

    def test_the_figures_are_what_has_happened(self) -> None:
        client = self.client("60=/good", "0.05=/bad")
        client.wait_for("snapshot pushed")
        wait_until(lambda: len(client.logged("poll failed")) > 3, "some polls have failed")
        status = self.status()
        good, bad = status["endpoints"]
        self.assertEqual(status["program"]["health"], "ok")
        self.assertEqual(status["socket"], str(self.socket))
        self.assertEqual(status["servers"], 0)
        self.assertEqual((good["polls"], good["failures"], good["items"]), (1, 0, 2))
        self.assertAlmostEqual(good["last_success"], time.time(), delta=30)
        self.assertAlmostEqual(good["next_poll"] + good["age"], 60, delta=5)
        self.assertGreaterEqual(bad["failures_in_a_row"], 3)
        self.assertEqual(bad["failures"], bad["polls"])
        self.assertIn("500", bad["last_error"])
        self.assertIsNone(bad["age"])
        self.assertEqual(status["pushed"]["snapshot"]["items"], 2)
        self.assertGreater(status["pushed"]["seconds"], 0)

    def test_it_is_unhealthy_while_no_endpoint_answers_and_lives_all_the_same(self) -> None:
        self.client("0.05=/bad").wait_for("poll failed")
        wait_until(lambda: self.health()[0] == 1, "it is unhealthy")
        self.assertEqual(
            self.health(), (1, "client: no endpoint has answered well for 3 of its periods\n")
        )
        self.assertEqual(self.health("--live"), (0, "client: healthy\n"))
        self.endpoints.play("/bad", array(["cccccccc"]))
        # A check takes longer than three such short periods, but beats on meanwhile.
        wait_until(lambda: self.health()[0] == 0, "it is healthy again")

    def test_clients_in_one_network_namespace_answer_each_for_itself(self) -> None:
        """Beside each other in one directory, and with sockets of one name in two."""
        self.client("60=/good").wait_for("snapshot pushed")
        elsewhere = self.enterContext(tempfile.TemporaryDirectory())
        for other in (self.socket.with_name("other.sock"), Path(elsewhere) / "snapshot.sock"):
            arguments = ("--socket", str(other), "--state", "none")
            endpoint = f"--endpoint=60={self.endpoints.url('/bad')}"
            self.enterContext(Program("client", *arguments, endpoint)).wait_for("poll failed")
            ended = command("client", "status", "--socket", str(other), "--json")
            self.assertEqual(json.loads(ended.output)["socket"], str(other))
        self.assertEqual(self.status()["socket"], str(self.socket))
