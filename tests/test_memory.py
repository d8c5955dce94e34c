"""The memory: what the client keeps over a restart, whatever the disk does."""

import asyncio
import logging
import tempfile
import threading
from pathlib import Path
from unittest import mock

from client import memory
from client.endpoint import parse_endpoint
from client.memory import Memory
from client.render import Edition
from client.results import Result
from client.state import State, StateFile
from tests.support import AsyncTestCase

ENDPOINT = parse_endpoint("15=http://one.example/")
STATE = State(Edition(b"d" * 16, 1000), {ENDPOINT: Result(b"630e1244", 0.0)})
MOST = 1_000_000  # bytes


class Memories(AsyncTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state.json"
        self.records = self.enterContext(self.assertLogs("client", logging.DEBUG)).records
        logging.getLogger("client").debug("so that something is logged")

    def warnings(self) -> list[str]:
        """Tell the warnings logged."""
        return [r.getMessage() for r in self.records if r.levelno == logging.WARNING]

    def test_what_is_kept_is_recalled(self) -> None:
        self.run_async(Memory(self.path, MOST).keep(STATE))
        recalled = Memory(self.path, MOST).recall([ENDPOINT])
        self.assertEqual(recalled.edition, STATE.edition)
        self.assertEqual(recalled.results[ENDPOINT].items, b"630e1244")
        self.assertEqual(self.warnings(), [])

    def test_without_a_file_nothing_is_kept(self) -> None:
        forgetful = Memory(None, MOST)
        self.run_async(forgetful.keep(STATE))
        self.run_async(forgetful.keep_at_stop(STATE))
        self.assertEqual(forgetful.recall([ENDPOINT]), State())
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_a_damaged_file_is_a_warning_and_kept_aside(self) -> None:
        self.path.write_text("nonsense")
        self.assertEqual(Memory(self.path, MOST).recall([ENDPOINT]), State())
        self.assertEqual(self.warnings(), ["state not used, starting afresh", "state set aside"])
        self.assertEqual(self.path.with_name("state.json.rejected").read_text(), "nonsense")
        self.assertFalse(self.path.exists())

    def test_a_file_that_cannot_be_set_aside_is_a_warning_more(self) -> None:
        self.path.write_text("nonsense")
        (self.path.with_name("state.json.rejected") / "in the way").mkdir(parents=True)
        self.assertEqual(Memory(self.path, MOST).recall([ENDPOINT]), State())
        self.assertEqual(self.warnings()[1:], ["state not set aside"])

    def test_a_disk_that_refuses_is_a_warning_a_minute(self) -> None:
        self.path.with_name("state.json.new").mkdir()
        unlucky = Memory(self.path, MOST)

        async def keep_twice() -> None:
            await unlucky.keep(STATE)
            await unlucky.keep(STATE)

        self.run_async(keep_twice())
        self.assertEqual(len(self.warnings()), 1)
        with mock.patch.object(memory, "COMPLAINT_INTERVAL", 0.0):
            self.run_async(unlucky.keep(STATE))
        self.assertEqual(len(self.warnings()), 2)

    def test_a_disk_that_hangs_does_not_hold_up_the_stop(self) -> None:
        go = threading.Event()
        with (
            mock.patch.object(memory, "STOP_WAIT", 0.05),
            mock.patch.object(StateFile, "save", lambda *_: go.wait(60)),
        ):
            self.run_async(self._stop_and_go(go))
        self.assertEqual(self.warnings(), ["state not saved: the disk takes too long"])

    async def _stop_and_go(self, go: threading.Event) -> None:
        await Memory(self.path, MOST).keep_at_stop(STATE)
        go.set()
        await asyncio.sleep(0)
