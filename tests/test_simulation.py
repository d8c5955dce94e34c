"""The simulation of the whole: some hundred schedules, and that it notices what is broken."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

from client import render
from client.items import ITEM_SIZE
from client.memory import Memory
from client.poller import Poller
from client.publisher import Publisher, _Subscriber
from client.render import merge
from client.state import State
from server import backoff
from server.service import Service
from shared import frame
from shared.frame import Header
from shared.snapshot import Payload, Snapshot
from tests.simulation import batch, schedule
from tests.simulation.clock import EPOCH
from tests.simulation.promises import BrokenError
from tests.support import TestCase

SCHEDULES = 300
ENOUGH = 400  # schedules, within which what is broken must be noticed
SEED = 11


class Schedules(TestCase):
    def test_some_hundred_schedules_of_faults_break_nothing(self) -> None:
        found = batch.tally(range(SCHEDULES))
        self.assertEqual(found.broken, [])
        self.assertEqual(found.schedules, SCHEDULES)
        self.assertEqual(len(found.counts), 13, "each kind of fault is among them")

    def test_a_run_tells_what_is_broken_and_ends_once_that_is_enough(self) -> None:
        told: list[str] = []
        with mock.patch.object(backoff, "delay", _never):
            self.assertFalse(batch.run(told.append, SCHEDULES, first=SEED, jobs=1))
        *broken, summary = told
        self.assertEqual(len(broken), batch.MOST_BROKEN)
        self.assertRegex(summary, "^[0-9]+ schedules, 10 broken; ")
        self.assertRegex(broken[0], r"\nreplay it with: python3 -m tests\.simulation --seed 1[0-9]")

    def test_a_summary_ends_a_run(self) -> None:
        told: list[str] = []
        self.assertTrue(batch.run(told.append, 2, first=SEED, jobs=1))
        self.assertEqual(len(told), 1)
        self.assertRegex(told[0], "^2 schedules, 0 broken; [0-9]+ ")


class Replays(TestCase):
    def test_a_seed_tells_the_same_story_each_time(self) -> None:
        first, again = schedule.run(SEED), schedule.run(SEED)
        self.assertEqual(first, again)
        self.assertNotEqual(first.digest, schedule.run(SEED + 1).digest)

    def test_a_seed_tells_the_same_story_in_another_process_where_it_is_told(self) -> None:
        digest = schedule.run(SEED).digest
        for hashing in ("1", "2"):
            command = [sys.executable, *schedule.replay(SEED).split()[1:]]
            environment = os.environ | {"PYTHONHASHSEED": hashing}
            told = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=True
            )
            *story, last = told.stdout.splitlines()
            self.assertIn(digest, last)
            self.assertGreater(len(story), 50)

    def test_a_broken_seed_says_what_is_broken_and_how_to_replay_it(self) -> None:
        with mock.patch.object(backoff, "delay", _never):
            text = _first_broken()
        self.assertRegex(text, r"\nseed [0-9]+ is broken: BrokenError: a server is .* long after")
        self.assertRegex(text, r"\nreplay it with: python3 -m tests\.simulation --seed [0-9]+ --v")
        self.assertIn("connects to the client", text)


class Defects(TestCase):
    """Each breaks the program, and must be noticed."""

    def check(self, target: Any, name: str, defect: Any, *symptoms: str) -> None:
        """Fail unless one of the symptoms is told with the defect in place."""
        with mock.patch.object(target, name, defect):
            text = _first_broken()
        self.assertRegex(text, "|".join(symptoms))

    def test_a_restart_that_forgets_is_noticed(self) -> None:
        async def forget(self: Memory, state: State) -> None:
            await asyncio.sleep(0)

        self.check(Memory, "keep", forget, "was served before")

    def test_publishing_what_is_not_yet_in_the_file_is_noticed(self) -> None:
        keep = Memory.keep

        async def hurry(self: Memory, state: State) -> None:
            asyncio.create_task(keep(self, state)).add_done_callback(lambda _: None)

        self.check(Memory, "keep", hurry, "was served before")

    def test_a_checksum_that_is_not_looked_at_is_noticed(self) -> None:
        decode = frame.decode_snapshot

        def trust(header: Header, identity: Payload, gzip: Payload, found: int) -> Snapshot:
            return decode(header, identity, gzip, header.payload_checksum)

        self.check(frame, "decode_snapshot", trust, "cannot be read", "no client")

    def test_data_that_goes_with_its_endpoint_is_noticed(self) -> None:
        tell = Poller._tell_failure

        def drop(self: Poller, *args: Any) -> None:
            self._results._results.pop(self._endpoint, None)
            tell(self, *args)

        self.check(Poller, "_tell_failure", drop, "was served before")

    def test_a_lost_item_is_noticed(self) -> None:
        def lose(results: Iterable[bytes]) -> Iterator[list[bytes]]:
            return merge(packed[:-ITEM_SIZE] for packed in results)

        self.check(render, "merge", lose, "no merge of the versions")

    def test_a_server_that_does_not_come_back_is_noticed(self) -> None:
        self.check(backoff, "delay", _never, "long after the faults' end")

    def test_an_age_that_the_wall_clock_moves_is_noticed(self) -> None:
        renew = Service.renew

        def by_the_wall(self: Service, digest: bytes, age: float) -> bool:
            return renew(self, digest, age + max(0.0, time.time() - EPOCH) % 1000)

        self.check(Service, "renew", by_the_wall, "tells an age of")

    def test_a_connection_that_is_never_let_go_is_noticed(self) -> None:
        async def attend(self: Publisher, connection: socket.socket) -> None:
            subscriber = _Subscriber(connection, self._turns)
            self._subscribers.append(subscriber)
            if self._publication:
                subscriber.news.set()
            await subscriber.serve(self._newest)

        self.check(Publisher, "_attend", attend, "the client holds")


def _never(failures: int) -> float:
    """Tell, in the stead of `backoff.delay`, to wait for longer than any schedule lasts."""
    return 3600.0


def _first_broken() -> str:
    """Run schedules until one is broken, and tell what it says; fail where none is."""
    for seed in range(ENOUGH):
        try:
            schedule.run(seed)
        except BrokenError as error:
            return str(error)
    raise AssertionError(f"nothing was noticed in {ENOUGH} schedules")
