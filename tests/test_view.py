"""The views: what a person, and Prometheus, is shown of a status."""

import json
import re
from typing import Any

from client import view as client
from client.status import ClientStatus, EndpointStatus, PushedStatus, StateStatus
from server import view as server
from server.status import AnswersStatus, ClientsStatus, LinkStatus, ServerStatus
from shared.metrics import exposition
from shared.status import ProgramStatus, SnapshotStatus, document
from shared.terminal import Paint
from tests.processes import ROOT
from tests.support import TestCase

WALL = 1_800_000_000.0  # 2027-01-15 08:00:00Z
SNAPSHOT = SnapshotStatus(84, 925, 506, 2.1, 1_799_999_000, "6ea5" * 8)


def decoded(status: object) -> Any:
    """Tell a status as it is when it has been asked for."""
    return json.loads(document(status))


def shown(view: Any, status: object, is_coloured: bool = False) -> list[str]:
    """Tell the lines that a person sees."""
    lines: list[str] = view.text(decoded(status), Paint(is_coloured), WALL)
    return lines


def a_server(**changes: Any) -> ServerStatus:
    """Make a server's status."""
    parts: dict[str, Any] = {
        "program": ProgramStatus("server", "1.0.0", WALL - 11_520, 11_520, "ok", 0),
        "host": "0.0.0.0",
        "port": 8080,
        "clients": ClientsStatus(now=3, most=7, limit=100, connections=4),
        "answers": AnswersStatus(12_345, refused=0, cut=1, errors={404: 2, 400: 1_000}),
        "snapshot": SNAPSHOT,
        "link": LinkStatus(True, 11_519, ""),
    }
    return ServerStatus(**parts | changes)


def an_endpoint(**changes: Any) -> EndpointStatus:
    """Make an endpoint's status."""
    parts: dict[str, Any] = {
        "endpoint": "http://one.example/",
        "period": 15.0,
        "polls": 769,
        "failures": 2,
        "failures_in_a_row": 0,
        "last_error": "status 500",
        "last_error_age": 7200.0,
        "last_success": WALL - 3,
        "age": 3.0,
        "items": 36,
        "next_poll": 12.4,
    }
    return EndpointStatus(**parts | changes)


def a_client(*endpoints: EndpointStatus, **changes: Any) -> ClientStatus:
    """Make a client's status."""
    parts: dict[str, Any] = {
        "program": ProgramStatus("client", "1.0.0", WALL - 11_520, 11_520, "ok", 0),
        "socket": "/run/gateway/snapshot.sock",
        "servers": 2,
        "endpoints": list(endpoints),
        "pushed": PushedStatus(12.0, SNAPSHOT),
        "state": StateStatus("", 100.0),
    }
    return ClientStatus(**parts | changes)


NEW = an_endpoint(
    endpoint="http://***@two.example/?key=***",
    period=60.0,
    polls=0,
    failures=0,
    last_error=None,
    last_error_age=None,
    last_success=None,
    age=None,
    items=None,
    next_poll=None,
)
FAILING = an_endpoint(failures_in_a_row=3, last_success=WALL - 90_000, age=90_000.0)


class AServer(TestCase):
    def test_is_told_in_a_few_lines(self) -> None:
        self.assertEqual(
            shown(server, a_server()),
            [
                "server 1.0.0 at 0.0.0.0:8080, up 3 h 12 min: healthy",
                "",
                "clients   3 of 100, at most 7 so far; 4 connections",
                "requests  12,345",
                "refused   0",
                "errors    1,000 × 400, 2 × 404",
                "cut       1",
                "snapshot  84 items, 925 bytes, 506 in gzip, 2.1 s old",
                "client    connected for 3 h 11 min",
            ],
        )

    def test_that_has_nothing_yet_says_so(self) -> None:
        link = LinkStatus(False, 5, "Connection refused")
        lines = shown(server, a_server(snapshot=None, link=link))
        self.assertIn("snapshot  none yet", lines)
        self.assertIn("client    not connected for 5 s: Connection refused", lines)
        lines = shown(server, a_server(answers=AnswersStatus(0, 0, 0, {})))
        self.assertIn("errors    0", lines)

    def test_at_an_ipv6_address_has_it_in_brackets(self) -> None:
        self.assertIn(" at [::]:8080, ", shown(server, a_server(host="::"))[0])

    def test_what_wants_attention_is_red(self) -> None:
        full = ClientsStatus(now=100, most=100, limit=100, connections=120)
        lines = shown(server, a_server(clients=full, snapshot=None), is_coloured=True)
        red = [line for line in lines if line.startswith("\x1b[31m")]
        self.assertEqual([line[5:].split()[0] for line in red], ["clients", "snapshot"])
        self.assertIn("\x1b[32mhealthy\x1b[0m", lines[0])


class AClient(TestCase):
    def test_is_told_with_a_row_for_each_endpoint(self) -> None:
        lines = shown(client, a_client(an_endpoint(), NEW, FAILING))
        self.assertEqual(
            lines[:6],
            [
                "client 1.0.0 at /run/gateway/snapshot.sock, up 3 h 12 min: healthy",
                "",
                "snapshot  84 items, 925 bytes, 506 in gzip, 2.1 s old; pushed 12 s ago",
                "servers   2",
                "state     saved",
                "",
            ],
        )
        table = """
endpoint                         period  success               age      items  failed  next
http://one.example/              15 s    07:59:57Z             3 s      36     0       12 s
http://***@two.example/?key=***  1 min   never                                 0       now
http://one.example/              15 s    2027-01-14 07:00:00Z  1 d 1 h  36     3       12 s
"""
        errors = ("last error", "2 h ago: status 500", "none", "2 h ago: status 500")
        for line, row, error in zip(lines[6:], table.split("\n")[1:], errors, strict=False):
            self.assertEqual(line, f"{row:<91}  {error}")
        self.assertEqual(len(lines), 10)

    def test_an_endpoint_that_fails_is_red(self) -> None:
        lines = shown(client, a_client(an_endpoint(), FAILING), is_coloured=True)
        self.assertTrue(lines[-1].startswith("\x1b[31mhttp"))
        self.assertTrue(lines[-2].startswith("http"))

    def test_whose_state_is_not_saved_says_so_in_red(self) -> None:
        unsaved = a_client(NEW, state=StateStatus("No space left on device", 190.0))
        lines = shown(client, unsaved, is_coloured=True)
        row = "state     not saved for 3 min 10 s: No space left on device"
        self.assertIn(f"\x1b[31m{row}\x1b[0m", lines)
        forgetful = shown(client, a_client(NEW, state=None))
        self.assertIn("state     no file: a restart forgets everything", forgetful)

    def test_that_has_pushed_nothing_says_so(self) -> None:
        self.assertIn("snapshot  none pushed yet", shown(client, a_client(NEW, pushed=None)))


class DroppedLogLines(TestCase):
    def test_those_of_each_program_have_a_red_row_and_a_counter(self) -> None:
        program = ProgramStatus("any", "1.0.0", WALL, 1, "ok", 1_234)
        statuses = ((server, a_server(program=program)), (client, a_client(program=program)))
        for view, status in statuses:
            rows = [line.split(maxsplit=1) for line in shown(view, status, is_coloured=True)]
            said = "1,234 lines dropped: standard error did not take them in time\x1b[0m"
            self.assertIn(["\x1b[31mlog", said], rows)
            metrics = exposition(view.metrics(decoded(status)), {})
            self.assertIn("gateway_any_log_lines_dropped_total 1234\n", metrics)


class Metrics(TestCase):
    def samples(self, view: Any, status: Any) -> dict[str, float]:
        """Tell the samples by name and labels, as a collector reads them."""
        told = exposition(view.metrics(decoded(status)), {})
        lines = [line for line in told.splitlines() if not line.startswith("#")]
        pairs = [line.rsplit(" ", 1) for line in lines]
        self.assertEqual(len(dict(pairs)), len(lines), "no sample is there twice")
        return {name: float(value) for name, value in pairs}

    def test_a_server_has_the_figures_of_its_status(self) -> None:
        samples = self.samples(server, a_server())
        for name, value in {
            'gateway_server_info{version="1.0.0"}': 1,
            "gateway_server_healthy": 1,
            "gateway_server_start_time_seconds": WALL - 11_520,
            "gateway_server_uptime_seconds": 11_520,
            "gateway_server_log_lines_dropped_total": 0,
            "gateway_server_clients": 3,
            "gateway_server_clients_most": 7,
            "gateway_server_clients_limit": 100,
            "gateway_server_connections": 4,
            "gateway_server_requests_total": 12_345,
            "gateway_server_refused_total": 0,
            "gateway_server_cut_total": 1,
            'gateway_server_errors_total{status="404"}': 2,
            'gateway_server_errors_total{status="400"}': 1_000,
            "gateway_server_snapshot_items": 84,
            'gateway_server_snapshot_bytes{coding="identity"}': 925,
            'gateway_server_snapshot_bytes{coding="gzip"}': 506,
            "gateway_server_snapshot_age_seconds": 2.1,
            "gateway_server_snapshot_last_modified_seconds": 1_799_999_000,
            "gateway_server_connected": 1,
            "gateway_server_connected_seconds": 11_519,
        }.items():
            with self.subTest(name):
                self.assertEqual(samples.pop(name), value)
        self.assertEqual(samples, {})

    def test_those_that_are_worth_an_alert_are_there(self) -> None:
        page = (ROOT / "docs" / "operations.md").read_text()
        samples = {
            **self.samples(server, a_server()),
            # The endpoint that has never answered well has them as well.
            **self.samples(client, a_client(NEW)),
        }
        there = {re.split("[{ ]", sample)[0] for sample in samples}
        alerts = set(re.findall(r"gateway_\w+", page))
        self.assertGreater(len(alerts), 5)
        self.assertEqual(alerts - there, set())

    def test_one_without_data_has_no_figures_of_any(self) -> None:
        program = ProgramStatus("server", "1.0.0", WALL, 1, "no data yet", 0)
        samples = self.samples(server, a_server(snapshot=None, program=program))
        self.assertEqual(samples["gateway_server_healthy"], 0)
        self.assertFalse([name for name in samples if "snapshot" in name])

    def test_whether_the_state_is_saved_is_a_metric_where_there_is_a_file(self) -> None:
        for state, value in (
            (StateStatus("", 1.0), 1),
            (StateStatus("the disk takes too long", 1.0), 0),
            (None, None),
        ):
            samples = self.samples(client, a_client(NEW, state=state))
            self.assertEqual(samples.get("gateway_client_state_saved"), value)

    def test_a_client_has_the_figures_of_each_endpoint_by_its_number(self) -> None:
        samples = self.samples(client, a_client(an_endpoint(), NEW, FAILING))
        for number, url, figures in (
            (1, "http://one.example/", {"polls_total": 769, "failures_in_a_row": 0, "items": 36}),
            (2, "http://***@two.example/?key=***", {"polls_total": 0, "period_seconds": 60}),
            (3, "http://one.example/", {"failures_in_a_row": 3, "age_seconds": 90_000}),
        ):
            for name, value in figures.items():
                sample = f'gateway_client_endpoint_{name}{{number="{number}",endpoint="{url}"}}'
                with self.subTest(sample):
                    self.assertEqual(samples[sample], value)
        self.assertEqual(samples["gateway_client_servers"], 2)
        self.assertEqual(samples["gateway_client_pushed_seconds"], 12)
        self.assertFalse([name for name in samples if "items" in name and 'number="2"' in name])
