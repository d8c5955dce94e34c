"""The poller, against real endpoints."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from functools import partial
from unittest import mock

from client import poll, poller
from client.endpoint import parse_endpoint
from client.lookup import Lookup
from client.poll import Bounds
from client.poller import Poller
from client.record import Record
from client.results import Results
from client.url import parse_url
from client.worker import NoThreadError
from tests.demo.behaviours import array, with_validators
from tests.demo.endpoints import Endpoints
from tests.demo.faults import FAULTS
from tests.support import AsyncTestCase, eventually

GOOD = ["630e1244", "5f4a8990"]
PERIOD = 0.05  # seconds


class Polling(AsyncTestCase):
    def setUp(self) -> None:
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        self.endpoint = parse_endpoint(f"{PERIOD}={self.endpoints.url('/data')}")
        self.results = Results([self.endpoint], {})
        self.record = Record()
        self.outcomes: list[bool | None] = []
        watch = self.enterContext(self.assertLogs("client", logging.INFO))
        self.lines = watch.output
        self.records = watch.records

    def poll(self, *conditions: "Condition", timeout: float = 5.0) -> None:
        """Poll until each condition has come true, one after the other, with its act behind it."""
        bounds = Bounds(timeout, most=100_000)
        polled = Poller(self.endpoint, self.results, self.record, bounds, self.outcomes.append)

        async def main() -> None:
            polling = asyncio.create_task(polled.run())
            for condition in conditions:
                await eventually(lambda: condition(self), "the polling comes so far")  # noqa: B023
            polling.cancel()
            await asyncio.wait({polling})

        self.run_async(main())

    def items(self) -> bytes | None:
        """Tell the endpoint's items."""
        result = self.results.get(self.endpoint)
        return result.items if result else None

    def events(self) -> list[dict[str, object]]:
        """Tell the fields of the lines logged."""
        return [getattr(record, "event", {}) for record in self.records]

    def test_it_polls_at_start_and_then_on_each_beat(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        started = time.monotonic()
        self.poll(lambda test: len(test.outcomes) >= 5)
        self.assertEqual(self.items(), b"630e12445f4a8990")
        self.assertEqual(self.outcomes[:3], [True, False, False])
        first, *rest = (request.when - started for request in self.endpoints.requests)
        self.assertLess(first, 2)
        for number, moment in enumerate(rest, 1):
            self.assertGreaterEqual(moment - first, number * PERIOD - 0.04)

    def test_a_good_poll_is_one_line(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        self.poll(lambda test: len(test.outcomes) >= 1)
        event = self.events()[0]
        self.assertEqual(self.lines[0], "INFO:client:polled")
        self.assertLess(float(str(event.pop("duration"))), 5)
        name = self.endpoint.name
        expected = {"endpoint": name, "outcome": "ok", "items": 2, "bytes": 23, "changed": True}
        self.assertEqual(event, expected)

    def test_a_machine_that_is_short_of_something_fails_the_poll_and_no_more(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        no_thread = NoThreadError("can't start new thread")
        with mock.patch.object(poll, "in_thread", side_effect=[no_thread, MemoryError()]):
            self.poll(lambda test: test.outcomes == [None, None])
        reasons = [event["reason"] for event in self.events() if "reason" in event]
        self.assertEqual(reasons, ["can't start new thread", "there is not enough memory for it"])

    def test_a_failed_poll_is_one_line_and_changes_nothing(self) -> None:
        self.endpoints.play("/data", array(GOOD))

        def polled_well(test: Polling) -> bool:
            if not test.outcomes:
                return False
            test.endpoints.play("/data", FAULTS["item-of-7-bytes"])
            return True

        self.poll(polled_well, lambda test: None in test.outcomes)
        self.assertEqual(self.items(), b"630e12445f4a8990")
        failure = next(event for event in self.events() if event.get("outcome") == "failed")
        self.assertEqual(failure["reason"], 'item 1 has 7 bytes in UTF-8, not 8: "5f4a899"')
        self.assertRegex(str(failure["stale"]), r"^[0-9.]+s$")
        self.assertIn("ERROR:client:poll failed", self.lines)

    def test_a_failure_before_any_success_says_that_there_is_no_data(self) -> None:
        self.endpoints.play("/data", FAULTS["status-500"])
        self.poll(lambda test: None in test.outcomes)
        self.assertEqual(self.events()[0]["stale"], "no-data-yet")
        self.assertIsNone(self.items())

    def test_validators_are_sent_and_304_is_a_success_that_changes_nothing(self) -> None:
        self.endpoints.play("/data", with_validators(GOOD, etag='"v1"'))
        self.poll(lambda test: len(test.outcomes) >= 3)
        self.assertEqual(self.outcomes[:3], [True, False, False])
        self.assertEqual(self.items(), b"630e12445f4a8990")
        self.assertEqual(self.endpoints.requests[1].headers["if-none-match"], '"v1"')
        self.assertEqual(self.events()[1]["outcome"], "not-modified")
        self.assertEqual(self.events()[1]["items"], 2)

    def test_a_hanging_endpoint_is_given_up_and_polled_again(self) -> None:
        self.endpoints.play("/data", FAULTS["hang"])

        def two_failed(test: Polling) -> bool:
            if len(test.outcomes) < 2:
                return False
            test.endpoints.play("/data", array(GOOD))
            return True

        self.poll(two_failed, lambda test: True in test.outcomes, timeout=0.12)
        self.assertEqual(self.events()[0]["reason"], "no whole answer within 0.12 s")

    def test_beats_that_go_by_meanwhile_are_skipped_and_logged(self) -> None:
        self.endpoints.play("/data", FAULTS["hang"])
        self.poll(lambda test: len(test.outcomes) >= 2, timeout=0.12)
        missed = [event["beats"] for event in self.events() if "beats" in event]
        self.assertTrue(missed)
        self.assertGreaterEqual(min(int(str(beats)) for beats in missed), 2)
        self.assertLessEqual(len(self.endpoints.requests), 4)

    def test_stopping_in_the_midst_of_a_poll_ends_it(self) -> None:
        for fault in ("hang", "drip-body"):
            with self.subTest(fault):
                self.endpoints.play("/data", FAULTS[fault])
                seen = len(self.endpoints.requests)
                self.poll(lambda test: len(test.endpoints.requests) > seen)  # noqa: B023

                async def main() -> None:
                    await eventually(
                        lambda: not self.endpoints.open_connections, "its connection is gone"
                    )

                self.run_async(main())
        logging.getLogger("client").info("so that something is logged")

    def test_a_name_that_stops_resolving_takes_nothing_away_and_heals(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        port = parse_url(self.endpoints.url("/data")).port
        self.endpoint = parse_endpoint(f"{PERIOD}=http://name.example:{port}/data")
        self.results = Results([self.endpoint], {})
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
        resolve = mock.Mock(return_value=[address])

        def polled_well(test: Polling) -> bool:
            if True not in test.outcomes:
                return False
            resolve.side_effect = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return True

        def two_failed(test: Polling) -> bool:
            if test.outcomes[-2:] != [None, None]:
                return False
            self.assertEqual(test.items(), b"630e12445f4a8990")
            test.endpoints.play("/data", array(["aaaaaaaa"]))
            resolve.side_effect = None
            return True

        with mock.patch.object(poller, "Lookup", partial(Lookup, resolve)):
            self.poll(polled_well, two_failed, lambda test: test.outcomes[-1] is True)
        self.assertEqual(self.items(), b"aaaaaaaa")
        reasons = {event["reason"] for event in self.events() if "reason" in event}
        self.assertEqual(reasons, {"name look-up failed: [Errno -2] Name or service not known"})

    def test_whatever_fails_fails_as_a_poll(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        for fault in ("million-objects", "endless-headers", "redirect-loop", "reset", "garbage"):
            with self.subTest(fault):
                self.outcomes.clear()
                self.endpoints.play("/data", FAULTS[fault])
                self.poll(lambda test: None in test.outcomes)


Condition = Callable[[Polling], bool]
