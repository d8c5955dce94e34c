"""Faults under constant load, in short; `python3 -m tests.faults` has them by the hundred."""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.demo.behaviours import array, text
from tests.demo.endpoints import Endpoints
from tests.demo.exchange import Behaviour
from tests.demo.faults import FAULTS
from tests.faults import kills, restarts, soak, tiers
from tests.faults.callers import Callers, Server, calling, judge_by
from tests.faults.endpoints import Record, told_faults, version
from tests.faults.model import Versions, WrongAnswerError, merged
from tests.faults.soak import Look, drift
from tests.support import TestCase, wait_until


class UnderLoad(TestCase):
    def setUp(self) -> None:
        self.told: list[str] = []

    def test_callers_notice_no_kill_of_anything_but_the_server_they_ask(self) -> None:
        self.assertTrue(kills.run(self.told.append, times=5), self.told)

    def test_callers_are_served_what_they_were_before_a_restart_of_the_whole(self) -> None:
        self.assertTrue(restarts.run(self.told.append, times=4), self.told)

    def test_callers_of_an_upper_tier_notice_no_kill_in_the_lower(self) -> None:
        self.assertTrue(tiers.run(self.told.append, times=3), self.told)

    def test_nothing_grows_and_no_beat_drifts(self) -> None:
        self.assertTrue(soak.run(self.told.append, seconds=5, later=0.1), self.told)


class Callings(TestCase):
    """Callers, with a liar in the place of a server."""

    def setUp(self) -> None:
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.record = Path(folder.name) / "record"
        self.record.write_text("".join(f"{n} {v} 0.0\n" for n in range(3) for v in range(1, 9)))
        self.server = Server("server", int(self.endpoints.url("").rpartition(":")[2]))

    def called(self, first: Behaviour, then: Behaviour, dies: bool = False) -> Callers:
        """Have a server do one thing for a while, then another; tell what the callers saw."""
        self.endpoints.play("/", first)
        self.server.begin()
        with calling([self.server], judge_by(Record(self.record, 3)), 3) as callers:
            wait_until(lambda: callers.counts.total() > 4, "they call")
            self.server.runs = not dies
            self.endpoints.play("/", then)
            calls = callers.counts.total()
            wait_until(lambda: dies or callers.counts.total() > calls + 4, "they call on")
        return callers

    def answering(self, versions: Versions, without: int | None = None) -> Behaviour:
        """Answer with a merge; without one of its strings, if that is said."""
        strings = merged(versions)
        if without is not None:
            del strings[without]
        return array(strings)

    def test_what_may_be_served_is_no_complaint(self) -> None:
        callers = self.called(self.answering((1, 2, 3)), self.answering((1, 3, 4)))
        self.assertEqual(callers.complaints, [])
        self.assertEqual(callers.floors, {"server": (1, 3, 4)})

    def test_what_may_not_is_one(self) -> None:
        good = self.answering((4, 5, 6))
        for bad, complaint in (
            (self.answering((4, 5, 5)), "after (4, 5, 6) were served"),
            (self.answering((4, 5, 0)), "after (4, 5, 6) were served"),
            (self.answering((4, 5, 6), without=0), "it is no merge"),
            (self.answering((4, 5, 6), without=-1), "it is no merge"),
            (self.answering((4, 5, 9)), "has never sent its version 9"),
            (text("no data", 503), "did not answer: status 503"),
            (FAULTS["close"], "did not answer: RemoteDisconnected"),
            (FAULTS["truncated-body"], "did not answer: IncompleteRead"),
        ):
            with self.subTest(complaint):
                self.assertIn(complaint, self.called(good, bad).complaints[-1])

    def test_who_has_not_served_yet_or_was_killed_need_not_answer(self) -> None:
        good, gone = self.answering((4, 5, 6)), FAULTS["close"]
        self.assertEqual(self.called(gone, good).complaints, [])
        self.assertEqual(self.called(good, gone, dies=True).complaints, [])


class TwoTiers(TestCase):
    def test_a_merge_of_merges_tells_of_both(self) -> None:
        for first, second in (
            ((1, 2, 3), (1, 2, 3)),
            ((1, 2, 3), (2, 2, 4)),
            ((5, 2, 3), (1, 9, 3)),
        ):
            strings = list(dict.fromkeys(merged(first) + merged(second)))
            self.assertEqual(tiers.recognized(strings), first + second)
            with self.assertRaises(WrongAnswerError):
                tiers.recognized(strings[:-1])


class Soaking(TestCase):
    def test_a_drift_is_noticed_be_it_slow_or_fast(self) -> None:
        chance = random.Random(1)
        for step, most, least in ((0.0, 0.005, 0.0), (0.0001, 1.0, 0.02), (-0.0001, 1.0, 0.02)):
            beats = [n * (0.2 + step) + chance.uniform(0, 0.01) for n in range(500)]
            off = drift(beats, 0.2)
            assert off is not None
            self.assertLessEqual(abs(off), most)
            self.assertGreaterEqual(abs(off), least)
        self.assertIsNone(drift([n * 0.21 for n in range(500)], 0.2))

    def test_growth_is_noticed(self) -> None:
        def kept(grown: Sequence[Look]) -> bool:
            return soak.told_growth(lambda _: None, "client", grown)

        self.assertTrue(kept([Look(30_000, 3, 10, 40 * n) for n in range(100)]))
        self.assertFalse(kept([Look(30_000 + 100 * n, 3, 10, 40 * n) for n in range(100)]))
        self.assertFalse(kept([Look(30_000, 3 + n // 10, 10, 40 * n) for n in range(100)]))
        self.assertFalse(kept([Look(30_000, 3, 10 + n // 10, 40 * n) for n in range(100)]))
        self.assertFalse(kept([Look(30_000, 3, 10, n * n) for n in range(100)]))


class Playing(TestCase):
    def test_versions_go_on_in_whatever_process(self) -> None:
        self.assertEqual([version(now, 0.5) for now in (0.0, 0.4, 0.5, 10.0)], [1, 1, 2, 21])

    def test_half_a_line_of_the_record_is_left_for_later(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "record"
            record = Record(path, 2)
            self.assertEqual(record.update().newest(), (0, 0))
            for written, newest in (("0 7 1.5\n1 9", (7, 0)), ("9 2.5\n", (7, 99))):
                with path.open("a") as file:
                    file.write(written)
                self.assertEqual(record.update().newest(), newest)

    def test_who_is_to_fail_is_told_by_a_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "faults"
            self.assertEqual(told_faults(path), {})
            path.write_text("0 some\n2 status-500\n")
            self.assertEqual(told_faults(path), {0: "some", 2: "status-500"})
