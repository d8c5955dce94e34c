"""Clocks that jump: real programs under them, and dates by one that was set back."""

import json
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from itertools import combinations, product
from pathlib import Path
from typing import Any

from client.render import Edition, render
from server.answer import Answers, Holding
from shared.snapshot import Snapshot
from tests import samples
from tests.beats import share_on_grid
from tests.demo.behaviours import array, with_validators
from tests.demo.endpoints import Endpoints
from tests.demo.faults import FAULTS
from tests.processes import Program, command
from tests.servers import ServerTestCase
from tests.serving import GET, Peer, Response
from tests.support import DEADLINE, TestCase, wait_until

HOUR = 3600.0  # seconds
PERIOD = 0.1  # seconds
ROUNDS = 4  # changes of the data, half a second each
# A server looks at the clock once a second, which is every fifth turn of seven: in as many seconds
# it has seen them all, and one that is ahead of all others within five.
JUMP = """
import os, time
true_time, HOURS = time.time, (0, 24, -7, 5, 24, 2, -30)
def jumping_time():
    turn = int(os.environ["TURN"]) + int(time.monotonic() / 0.2)
    return true_time() + 3600 * HOURS[turn % len(HOURS)]
time.time = jumping_time
time.time_ns = lambda: int(jumping_time() * 1e9)
"""


# A machine sleeps: the boot clock and the wall clock go on, the monotonic clock stands still.
SLEEP = """
import os, time
clock_gettime, wall = time.clock_gettime, time.time
def slept():
    return float(os.path.getsize(os.environ["SLEPT"]))
def boot_or_other_clock(clock):
    return clock_gettime(clock) + (slept() if clock == time.CLOCK_BOOTTIME else 0)
time.clock_gettime = boot_or_other_clock
time.time = lambda: wall() + slept()
"""


def date(response: Response, field: str) -> int:
    """Tell the date in a field of an answer, in seconds since the epoch."""
    return int(parsedate_to_datetime(response.fields[field]).timestamp())


class JumpingClock(ServerTestCase):
    """Client and server whose wall clocks jump by hours every 0.2 s, each in its own way."""

    def setUp(self) -> None:
        """Put up an endpoint, and the clock."""
        super().setUp()
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        self.environment = self.enterContext(started_with(JUMP))
        self.answers: list[Response] = []
        self.started = time.monotonic()

    def start(self) -> tuple[Program, Program]:
        """Start a client and a server under the clock."""
        arguments = ("--socket", str(self.socket), "--timeout", "600")
        endpoint = ("--endpoint", f"{PERIOD:g}={self.endpoints.url('/data')}")
        environment = self.environment | {"TURN": "0"}
        client = Program("client", *arguments, *endpoint, environment=environment)
        self.enterContext(client)
        return client, self.server(**self.environment, TURN="3")

    def ask(self, peer: Peer, request: bytes = GET) -> Response:
        """Ask, and keep the answer where it is a success."""
        response = peer.ask(request)
        if response.status == 200:
            self.answers.append(response)
        return response

    def test_beats_ages_dates_and_news_do_not_feel_it(self) -> None:
        strings = [f"{number:08x}" for number in range(ROUNDS)]
        self.endpoints.play("/data", array(strings[:1]))
        client, server = self.start()
        peer = Peer(self, server.port())
        for string in strings:
            self.endpoints.play("/data", with_validators([string], etag=f'"{string}"'))
            wait_until(lambda: self.has(peer, string), "the change is served")  # noqa: B023
            self.stay(peer, 0.5)
        self.endpoints.play("/data", FAULTS["hang"])
        wait_until(lambda: int(self.ask(peer).fields["age"]) >= 5, "the age grows")
        # The clocks come by again, each time later than before; one may be missed at its edge.
        wait_until(
            lambda: self.is_dated_by_a_change(self.ask(peer)), "a change is past", 3 * DEADLINE
        )
        self.assertTrue(client.logged("outcome=not-modified"))
        for program in (server, client):
            self.assertEqual(program.stop(), 0)
            self.assertFalse([each for each in program.lines if " error " in each], program.lines)
        self.assert_jumps(client)
        self.assert_ages()
        self.assert_dates()
        self.assert_on_the_grid()

    def has(self, peer: Peer, string: str) -> bool:
        """Tell whether this is what is served."""
        response = self.ask(peer)
        return response.status == 200 and json.loads(response.body) == [string]

    def stay(self, peer: Peer, seconds: float) -> None:
        """Ask on for so long; who has the data is told so, whatever the clock."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            tag = self.ask(peer).fields["etag"]
            request = GET[:-2] + f"If-None-Match: {tag}\r\n\r\n".encode()
            response = peer.ask(request)
            self.assertEqual((response.status, response.fields["etag"]), (304, tag))
            time.sleep(0.01)

    def assert_jumps(self, client: Program) -> None:
        """Fail unless the clocks have jumped as they should: a check of the test itself."""
        hours = {line.partition(":")[0] for line in client.lines}
        self.assertGreaterEqual(len(hours), 4, hours)
        dates = {round((date(each, "date") - time.time()) / HOUR) for each in self.answers}
        self.assertGreaterEqual(len(dates), 4, dates)

    def assert_ages(self) -> None:
        """Fail where an answer is told to be older than this test, or of a time to come."""
        longest = int(time.monotonic() - self.started)
        for response in self.answers:
            self.assertIn(int(response.fields["age"]), range(longest + 1))

    @staticmethod
    def is_dated_by_a_change(response: Response) -> bool:
        """Tell whether an answer's Last-Modified is the change, and not for lack of it the Date."""
        return date(response, "last-modified") < date(response, "date")

    def assert_dates(self) -> None:
        """Fail where a date tells anything but the clock's now, or the data's last change.

        RFC 9110, 8.8.2.1: no Last-Modified is later than its Date. So it is the earlier of the
        change and of now: one change for each tag, each later than the one before.
        """
        changes = defaultdict[str, set[int]](set)
        for response in self.answers:
            now, modified = date(response, "date"), date(response, "last-modified")
            self.assertLess(abs(now - time.time()), 31 * HOUR)
            self.assertLessEqual(modified, now)
            if self.is_dated_by_a_change(response):
                changes[response.fields["etag"]].add(modified)
        self.assertTrue(changes)
        self.assertEqual([len(each) for each in changes.values()], [1] * len(changes), changes)
        modified_in_order = [each for (each,) in changes.values()]
        self.assertEqual(modified_in_order, sorted(set(modified_in_order)))

    def assert_on_the_grid(self) -> None:
        """Fail where beats were brought forward, left out or made up for."""
        when = [request.when for request in self.endpoints.requests]
        self.assertGreater(share_on_grid(when, PERIOD), 0.5)
        beats = (when[-1] - when[0]) / PERIOD
        self.assertLessEqual(len(when), beats + 2)
        self.assertGreater(len(when), 0.5 * beats)


class SleepingMachine(ServerTestCase):
    """Client and server on a machine that sleeps for two hours; no poll comes between."""

    ASLEEP = 7200  # seconds

    def setUp(self) -> None:
        super().setUp()
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        self.endpoints.play("/data", array(["630e1244"]))
        self.slept = self.socket.with_name("slept")
        self.slept.touch()
        self.environment = self.enterContext(started_with(SLEEP)) | {"SLEPT": str(self.slept)}
        arguments = ("--socket", str(self.socket), "--endpoint")
        endpoint = f"600={self.endpoints.url('/data')}"
        self.client = self.enterContext(
            Program("client", *arguments, endpoint, environment=self.environment)
        )
        self.sleeper = self.server(**self.environment)
        self.sleeper.wait_for("snapshot received")

    def sleep(self) -> None:
        """Have the machine sleep, and wake up."""
        os.truncate(self.slept, self.ASLEEP)  # the size is the time

    def age(self) -> int:
        """Return the Age of an answer."""
        peer = self.connect(self.sleeper)
        age = int(peer.ask().fields["age"])
        peer.close()
        return age

    def status(self, program: str, *words: str) -> Any:
        """Return the status of a program."""
        return json.loads(command(program, "status", "--json", *words).output)

    def test_an_age_counts_the_sleep(self) -> None:
        self.assertLess(self.age(), self.ASLEEP)
        self.sleep()
        wait_until(lambda: self.age() >= self.ASLEEP, "the age is that of the data")

    def test_a_server_that_connects_after_the_sleep_has_the_true_age(self) -> None:
        self.sleep()
        other = self.server(**self.environment)
        age = float(other.wait_for("snapshot received").rpartition("age=")[2])
        self.assertGreaterEqual(age, self.ASLEEP)

    def test_a_client_that_is_killed_after_the_sleep_remembers_the_true_age(self) -> None:
        self.sleep()
        self.client.kill()
        self.endpoints.play("/data", FAULTS["hang"])
        arguments = ("--socket", str(self.socket), "--endpoint")
        endpoint = f"600={self.endpoints.url('/data')}"
        again = Program("client", *arguments, endpoint, environment=self.environment)
        self.enterContext(again).wait_for("snapshot pushed")
        client = self.status("client", "--socket", str(self.socket))
        self.assertGreaterEqual(client["pushed"]["snapshot"]["age"], self.ASLEEP)

    def test_the_status_counts_the_sleep_everywhere(self) -> None:
        self.sleep()
        address = ("--host", "127.0.0.1", "--port", str(self.sleeper.port()))
        server = self.status("server", *address)
        client = self.status("client", "--socket", str(self.socket))
        for name, seconds in {
            "the server's uptime": server["program"]["uptime"],
            "its snapshot's age": server["snapshot"]["age"],
            "its connection": server["link"]["seconds"],
            "the client's uptime": client["program"]["uptime"],
            "its snapshot's age, too": client["pushed"]["snapshot"]["age"],
            "its push": client["pushed"]["seconds"],
            "its endpoint": client["endpoints"][0]["age"],
        }.items():
            with self.subTest(name):
                self.assertGreaterEqual(seconds, self.ASLEEP)


@contextmanager
def started_with(code: str) -> Iterator[dict[str, str]]:
    """Make an environment in which a Python runs some code before all else."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(code)
        paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
        yield {"PYTHONPATH": os.pathsep.join(paths)}


class ClockSetBack(TestCase):
    """The data changes while the wall clock is set back: a date never takes the old for the new."""

    NOON = 1_800_000_000.0  # seconds since the epoch; the true time of the first change
    WALLS = (NOON, NOON + 30, NOON - 5 * HOUR, NOON - 5 * HOUR, NOON + HOUR, NOON - 30 * HOUR)

    def changes(self) -> list[Snapshot]:
        """Render data that changes at each of these times of the wall clock."""
        snapshots, edition = [], Edition()
        for number, wall in enumerate(self.WALLS):
            snapshots.append(render([b"%08x" % number], edition, wall))
            edition = Edition(snapshots[-1].identity_digest, snapshots[-1].last_modified)
        return snapshots

    def ask(self, snapshot: Snapshot, wall: float, **fields: str) -> tuple[int, str]:
        """Tell the status and the Last-Modified that a server with this snapshot answers with."""
        answers = Answers(Holding(snapshot, 1, 0.0), 0.0, wall)
        answer = answers.to(samples.get(**fields))
        found = re.search(rb"Last-Modified: (.*)\r\n", b"".join(answer.pieces))
        return answer.status, found[1].decode() if found else ""

    def test_each_change_is_dated_later_than_the_one_before(self) -> None:
        dates = [each.last_modified for each in self.changes()]
        self.assertEqual(dates, sorted(set(dates)))

    def test_no_date_that_was_told_takes_old_data_for_new(self) -> None:
        snapshots = self.changes()
        for (old, new), then, now in product(
            combinations(snapshots, 2), self.WALLS, [*self.WALLS, self.NOON + 100 * HOUR]
        ):
            _, date_of_old = self.ask(old, then)
            status, _ = self.ask(new, now, if_modified_since=date_of_old)
            self.assertEqual(status, 200, (date_of_old, new.last_modified))

    def test_a_date_that_is_not_in_the_future_is_good_for_a_304_at_any_time(self) -> None:
        snapshot = self.changes()[0]
        _, date = self.ask(snapshot, self.NOON + 1)
        for now in self.WALLS:
            self.assertEqual(self.ask(snapshot, now, if_modified_since=date), (304, ""))

    def test_a_tag_is_good_for_a_304_whatever_the_clock(self) -> None:
        for snapshot, now in product(self.changes(), self.WALLS):
            tag = f'"{snapshot.identity_digest.hex()}"'
            self.assertEqual(self.ask(snapshot, now, if_none_match=tag)[0], 304)

    def test_no_date_is_told_that_is_later_than_now(self) -> None:
        for snapshot, now in product(self.changes(), self.WALLS):
            _, date = self.ask(snapshot, now)
            self.assertLessEqual(parsedate_to_datetime(date).timestamp(), now)
