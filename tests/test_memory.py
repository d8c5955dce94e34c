"""The memory: what the client keeps over a restart, whatever the disk does."""

import gc
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from client import memory
from client.endpoint import parse_endpoint
from client.memory import Memory
from client.render import Edition
from client.results import Result
from client.state import State, StateError, StateFile
from shared import boot_clock
from tests.support import AsyncTestCase

ENDPOINT = parse_endpoint("15=http://one.example/")
STATE = State(Edition(b"d" * 16, 1000), {ENDPOINT: Result(b"630e1244", 0.0)})


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
        self.run_async(Memory(self.path).keep(STATE))
        recalled = Memory(self.path).recall([ENDPOINT])
        self.assertEqual(recalled.edition, STATE.edition)
        self.assertEqual(recalled.results[ENDPOINT].items, b"630e1244")
        self.assertEqual(self.warnings(), [])

    def test_without_a_file_nothing_is_kept(self) -> None:
        forgetful = Memory(None)
        self.run_async(forgetful.keep(STATE))
        self.assertEqual(forgetful.recall([ENDPOINT]), State())
        self.assertEqual(list(self.path.parent.iterdir()), [])

    def test_a_damaged_file_is_a_warning_and_kept_aside(self) -> None:
        self.path.write_text("nonsense")
        self.assertEqual(Memory(self.path).recall([ENDPOINT]), State())
        self.assertEqual(self.warnings(), ["state not used, starting afresh", "state set aside"])
        self.assertEqual(self.path.with_name("state.json.rejected").read_text(), "nonsense")
        self.assertFalse(self.path.exists())

    def test_a_file_that_cannot_be_set_aside_is_a_warning_more(self) -> None:
        self.path.write_text("nonsense")
        (self.path.with_name("state.json.rejected") / "in the way").mkdir(parents=True)
        self.assertEqual(Memory(self.path).recall([ENDPOINT]), State())
        self.assertEqual(self.warnings()[1:], ["state not set aside"])

    def test_a_disk_that_refuses_is_a_warning_a_minute(self) -> None:
        self.path.with_name("state.json.new").mkdir()
        unlucky = Memory(self.path)

        async def main() -> None:
            await unlucky.keep(STATE)
            await unlucky.keep(STATE)
            self.assertEqual(len(self.warnings()), 1)
            with mock.patch.object(memory, "COMPLAINT_INTERVAL", 0.0):
                await unlucky.keep(STATE)
            self.assertEqual(len(self.warnings()), 2)

        self.run_async(main())

    def test_the_status_tells_why_and_since_when_it_is_not_saved(self) -> None:
        obstacle = self.path.with_name("state.json.new")
        obstacle.mkdir()
        unlucky = Memory(self.path)

        def status() -> tuple[str, float]:
            found = unlucky.status(boot_clock.now() + 60)
            assert found
            return found.reason, found.seconds

        async def main() -> None:
            self.assertEqual(status()[0], "")
            await unlucky.keep(STATE)
            reason, first = status()
            self.assertEqual(reason, f"{obstacle} cannot be written: Is a directory")
            self.assertGreaterEqual(first, 60)
            await unlucky.keep(STATE)
            self.assertGreater(status()[1], first)
            obstacle.rmdir()
            await unlucky.keep(STATE)
            self.assertEqual(status()[0], "")

        self.run_async(main())
        self.assertIsNone(Memory(None).status(0.0))

    def test_a_disk_that_takes_it_again_is_told_once(self) -> None:
        obstacle = self.path.with_name("state.json.new")
        obstacle.mkdir()
        lucky = Memory(self.path)

        async def main() -> None:
            await lucky.keep(STATE)
            obstacle.rmdir()
            for _ in range(2):
                await lucky.keep(STATE)

        self.run_async(main())
        told = [r.getMessage() for r in self.records if r.levelno == logging.INFO]
        self.assertEqual(told, ["state saved again: a restart forgets nothing"])
        self.assertEqual(Memory(self.path).recall([ENDPOINT]).edition, STATE.edition)

    def test_a_disk_that_hangs_holds_up_nothing_and_gets_no_pile_of_threads(self) -> None:
        go = threading.Event()

        async def main() -> None:
            slow, threads = Memory(self.path), threading.active_count()
            with mock.patch.object(StateFile, "save", lambda *_: go.wait(60)):
                for _ in range(3):
                    await slow.keep(STATE)
            self.assertEqual(threading.active_count(), threads + 1)
            self.assertFalse(self.path.exists())
            go.set()
            await slow.keep(STATE)
            self.assertTrue(self.path.exists())

        with mock.patch.object(memory, "PATIENCE", 0.1):
            self.run_async(main())
        self.assertEqual(len(self.warnings()), 1)

    def test_a_disk_that_is_slow_and_then_refuses_is_no_more_than_a_warning(self) -> None:
        go = threading.Event()

        def fail(*_: object) -> None:
            go.wait(60)
            raise StateError("Input/output error")

        async def main() -> None:
            unlucky = Memory(self.path)
            with mock.patch.object(StateFile, "save", fail):
                await unlucky.keep(STATE)
                go.set()
                await unlucky.keep(STATE)
            del unlucky
            gc.collect()  # of a task whose error nobody has asked for, asyncio would tell now

        with mock.patch.object(memory, "PATIENCE", 0.1):
            self.run_async(main())
        self.assertEqual(len(self.warnings()), 1)

    def test_too_little_memory_is_a_warning(self) -> None:
        with mock.patch.object(StateFile, "save", side_effect=MemoryError):
            self.run_async(Memory(self.path).keep(STATE))
        self.assertEqual(len(self.warnings()), 1)
        Memory(self.path).recall([ENDPOINT])
        self.run_async(Memory(self.path).keep(STATE))
        with mock.patch.object(json, "loads", side_effect=MemoryError):
            self.assertEqual(Memory(self.path).recall([ENDPOINT]), State())
        self.assertEqual(
            self.warnings()[1:], ["state not used, starting afresh", "state set aside"]
        )

    def test_what_is_no_file_is_never_replaced(self) -> None:
        target = self.path.with_name("target")
        target.write_text("precious")
        obstacles: tuple[Callable[[], object], ...] = (
            self.path.mkdir,
            lambda: os.mkfifo(self.path),
            lambda: self.path.symlink_to(target),
        )
        for make in obstacles:
            make()
            before = os.lstat(self.path)
            careful = Memory(self.path)
            self.assertEqual(careful.recall([ENDPOINT]), State())
            self.run_async(careful.keep(STATE))
            self.assertEqual(os.lstat(self.path)[:3], before[:3])
            self.assertEqual(target.read_text(), "precious")
            self.assertFalse(self.path.with_name("state.json.rejected").exists())
            self.path.rename(self.path.with_name(f"was {len(self.warnings())}"))
        self.assertEqual(len(self.warnings()), 9)
