"""The client put together, in the test's own process."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from client import gateway, worker
from client.configuration import Configuration
from client.endpoint import parse_endpoint
from client.gateway import Gateway
from client.publisher import Publication, Publisher
from client.render import render
from client.state import StateFile
from client.worker import NoThreadError
from shared import boot_clock
from shared.snapshot import Snapshot
from tests.demo.behaviours import array
from tests.demo.endpoints import Endpoints
from tests.demo.faults import FAULTS
from tests.support import AsyncTestCase, beside, eventually, wait_until


class Publishing(AsyncTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        self.configuration = Configuration(
            tuple(parse_endpoint(f"0.05={self.endpoints.url(path)}") for path in ("/a", "/b")),
            timeout=10,
            most=1000,
            state=None,
            socket=Path(folder.name) / "snapshot.sock",
        )
        self.endpoints.play("/a", array(["aaaaaaaa", "bbbbbbbb"]))
        self.endpoints.play("/b", array(["bbbbbbbb"]))
        self.records = self.enterContext(self.assertLogs("client", logging.DEBUG)).records

    def told(self, message: str) -> int:
        """Count the lines with this message."""
        return sum(record.getMessage() == message for record in self.records[:])

    def run_client(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a client for as long as the act takes."""

        async def main() -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(Gateway(self.configuration).run(stop))
            try:
                await act()
            finally:
                stop.set()
                await running

        self.run_async(main())

    def test_a_change_that_leaves_the_merged_data_as_it_was_is_not_pushed(self) -> None:
        async def act() -> None:
            await eventually(lambda: self.told("snapshot pushed"), "the first is pushed")
            self.endpoints.play("/b", array(["aaaaaaaa"]))
            await eventually(lambda: self._changed() >= 3, "the change is polled")
            renewed = self.told("age renewed")
            await eventually(lambda: self.told("age renewed") > renewed + 4, "it is polled on")

        self.run_client(act)
        self.assertEqual(self.told("snapshot pushed"), 1)

    def _changed(self) -> int:
        return sum(
            bool(record.__dict__.get("event", {}).get("changed")) for record in self.records[:]
        )

    def test_news_that_comes_nearly_together_is_rendered_once_where_that_takes_long(self) -> None:
        async def act(client: Gateway) -> None:
            await eventually(lambda: self.told("snapshot pushed"), "the first is pushed")
            client._took = 5.0
            self.endpoints.play("/a", array(["cccccccc", "dddddddd"]))
            self.endpoints.play("/b", array(["eeeeeeee"]))
            await eventually(lambda: self._pushed(3), "all is pushed")

        async def main() -> None:
            stop, client = asyncio.Event(), Gateway(self.configuration)
            running = asyncio.create_task(client.run(stop))
            try:
                await act(client)
            finally:
                stop.set()
                await running

        self.run_async(main())
        self.assertEqual(self.told("snapshot pushed"), 2)

    def test_beats_go_on_while_heavy_data_is_worked_on(self) -> None:
        """The promise is that the loop is never blocked over 50 ms."""
        heavy = [f"{number:08x}" for number in range(300_000)]
        self.endpoints.play("/a", array(heavy))
        latest, polls = 0.0, list[int]()

        async def beat() -> None:
            nonlocal latest
            while True:
                due = time.monotonic() + 0.005
                await asyncio.sleep(0.005)
                latest = max(latest, time.monotonic() - due)

        async def act() -> None:
            async with beside(beat()):
                await eventually(lambda: self._pushed(len(heavy) + 1), "all is pushed")
            polls.append(sum(request.path == "/b" for request in self.endpoints.requests))

        self.configuration = replace(self.configuration, most=10_000_000)
        self.run_client(act)
        self.assertLess(latest, 2.0)
        self.assertGreater(polls[0], 1)

    def _pushed(self, items: int) -> bool:
        events = [record.__dict__.get("event", {}) for record in self.records[:]]
        return any("servers" in event and event.get("items") == items for event in events)

    def test_data_that_was_confirmed_while_it_was_rendered_is_as_fresh_as_that(self) -> None:
        rendering, published = list[float](), list[Publication]()

        def polls(path: str) -> int:
            later = [each for each in self.endpoints.requests if each.when > rendering[0]]
            return sum(request.path == path for request in later)

        def slowly(*arguments: Any) -> Snapshot:
            rendering.append(boot_clock.now())
            # The second poll of an endpoint begins when the first has ended.
            wait_until(lambda: min(map(polls, ("/a", "/b"))) > 1, "both are polled meanwhile")
            return render(*arguments)

        def publish(_: Publisher, publication: Publication) -> int:
            published.append(publication)
            return 0

        async def act() -> None:
            await eventually(lambda: published, "it is pushed")

        with (
            mock.patch.object(gateway, "render", slowly),
            mock.patch.object(Publisher, "publish", publish),
        ):
            self.run_client(act)
        self.assertGreater(published[0].succeeded, rendering[0])

    def test_what_is_remembered_is_pushed_before_any_poll_ends(self) -> None:
        path = self.configuration.socket.with_name("state.json")
        self.configuration = replace(self.configuration, state=path)

        async def act() -> None:
            await eventually(lambda: self.told("snapshot pushed"), "it is pushed")
            await eventually(lambda: self.told("polled") >= 2, "both are polled")

        self.run_client(act)
        for endpoints_answer in (True, False):
            if not endpoints_answer:
                for name in ("/a", "/b"):
                    self.endpoints.play(name, FAULTS["status-500"])
            self.records.clear()
            slow = mock.patch.object(gateway, "render", self._slowly)
            with self.subTest(endpoints_answer), slow:
                self.run_client(act if endpoints_answer else self._until_failed)
            told = [record.getMessage() for record in self.records]
            ends = [told.index(each) for each in ("polled", "poll failed") if each in told]
            self.assertLess(told.index("snapshot pushed"), min(ends))

    async def _until_failed(self) -> None:
        await eventually(lambda: self.told("poll failed") >= 2, "both have failed")

    def _slowly(self, *arguments: Any) -> Snapshot:
        time.sleep(0.2)  # in which both would be polled, were they
        return render(*arguments)

    def test_the_state_file_learns_of_polls_that_changed_nothing(self) -> None:
        path = self.configuration.socket.with_name("state.json")
        self.configuration = replace(self.configuration, state=path)

        def kept() -> list[float]:
            """Tell when each endpoint had its last success, as the file has it."""
            results = StateFile(path).load(self.configuration.endpoints).results
            return [result.succeeded for result in results.values()]

        async def act() -> None:
            await eventually(lambda: self.told("snapshot pushed"), "the first is pushed")
            before, changes = kept(), self._changed()
            await eventually(lambda: min(kept()) > max(before), "both ages are renewed")
            self.assertEqual(self._changed(), changes)

        with mock.patch.object(gateway, "REFRESH_INTERVAL", 0.05):
            self.run_client(act)

    def test_a_snapshot_that_cannot_be_rendered_is_tried_again(self) -> None:
        failures = [MemoryError(), NoThreadError("can't start new thread")]

        async def refusing(name: str, function: Callable[[], Any]) -> Any:
            if failures:
                raise failures.pop()
            return await worker.in_thread(name, function)

        async def act() -> None:
            await eventually(lambda: self.told("snapshot pushed"), "it is pushed")

        with (
            mock.patch.object(gateway, "in_thread", refusing),
            mock.patch.object(gateway, "RETRY_INTERVAL", 0.01),
        ):
            self.run_client(act)
        self.assertEqual(self.told("snapshot not rendered, to be tried again"), 2)
