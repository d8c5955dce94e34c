"""The client put together, in the test's own process."""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from unittest import mock

from client import gateway, worker
from client.configuration import Configuration
from client.endpoint import parse_endpoint
from client.gateway import Gateway
from client.worker import NoThreadError
from tests.demo.behaviours import array
from tests.demo.endpoints import Endpoints
from tests.support import AsyncTestCase, eventually


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
