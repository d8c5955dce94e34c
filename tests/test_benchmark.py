"""The benchmark: what it makes of its measurements, and that it measures what it says."""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.benchmark import data, peers, usage, wrk
from tests.benchmark.chart import Bar, Group, chart
from tests.benchmark.contestant import FLOOR, NGINX, OURS, AbsentError, FailedError, Offer, Started
from tests.benchmark.contestants import look
from tests.benchmark.figures import Measurement, Race, figures
from tests.benchmark.floor import Floor
from tests.benchmark.race import Plan, race
from tests.benchmark.reader import NEITHER, Reader
from tests.benchmark.scenario import HUNDRED, KILOBYTE, SCENARIOS, Scenario
from tests.benchmark.table import counts, duration, table
from tests.benchmark.updates import Pairs, Updates
from tests.benchmark.wrk import Load
from tests.demo.behaviours import body
from tests.demo.endpoints import Endpoints
from tests.processes import ROOT
from tests.serving import GET, LAST_GET, Peer
from tests.support import TestCase, wait_until

SCENARIO = Scenario("few", "1 kB, a few", KILOBYTE, 4)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
SMALL = ANSWER % (4, b"[42]")

REPORT = """\
Running 60m test @ http://127.0.0.1:8080/
  1093 requests in 700.74ms, 797.53KB read
report requests 1093
report microseconds 700740
report bytes 816670
report p50 2510
report p99 5960
report slowest 12300
report error.connect 0
report error.status 12
report status.200 1081
report status.503 12
"""


def load(requests: int = 1000, p50: float = 100, **errors: int) -> Load:
    """Make what was measured in two seconds."""
    return Load(requests, 2.0, requests * 1000, p50, 2 * p50, 3 * p50, errors, {})


def played(scenario: Scenario = SCENARIO, **rounds: list[Measurement]) -> Race:
    """Make a race of contestants by the names of constants."""
    names = {"ours": OURS, "nginx": NGINX[0], "read": NGINX[1], "floor": FLOOR}
    named = {names[name]: each for name, each in rounds.items()}
    return Race(scenario, named, dict.fromkeys(named, 26_500_000))


def taking(*seconds: float) -> list[Measurement]:
    """Make rounds of a thousand answers that took so much processor time."""
    return [Measurement(load(), each) for each in seconds]


class Loads(TestCase):
    def test_what_wrk_reports_is_read(self) -> None:
        found = wrk.read(REPORT)
        self.assertEqual((found.requests, found.seconds, found.bytes), (1093, 0.70074, 816670))
        self.assertEqual((found.p50, found.p99, found.slowest), (2510, 5960, 12300))
        self.assertEqual(round(found.rate), 1560)

    def test_only_errors_that_happened_are_told(self) -> None:
        found = wrk.read(REPORT)
        self.assertEqual(found.errors, {"status": 12})
        self.assertEqual(found.statuses, {"200": 1081, "503": 12})

    def test_a_wrk_that_reports_nothing_has_failed(self) -> None:
        with self.assertRaisesRegex(FailedError, "unable to connect"):
            wrk.read("unable to connect to 127.0.0.1:1 Connection refused\n")


class TheFigures(TestCase):
    def test_they_are_medians(self) -> None:
        rounds = [Measurement(load(each, 10 * each), 0.02) for each in (1000, 4000, 2000)]
        (found,) = figures(played(ours=rounds))
        self.assertEqual((found.rate, found.p50, found.p99), (1000, 20_000, 40_000))
        self.assertEqual((found.cpu, found.throughput), (10, 1_000_000))

    def test_those_beyond_the_limit_are_answered_too_and_their_errors_counted_once(self) -> None:
        refused = Load(3000, 2.0, 0, 0, 0, 0, {"status": 3000, "timeout": 1}, {"503": 3000})
        (found,) = figures(played(ours=[Measurement(load(read=2), 0.04, refused)] * 2))
        self.assertEqual((found.cpu, found.rate, found.beyond_rate), (10, 500, 1500))
        self.assertEqual(found.errors, {"read": 4})
        self.assertEqual(found.beyond, {"503": 6000, "timeout": 2})

    def test_ratios_are_to_the_better_nginx_and_to_the_floor_round_by_round(self) -> None:
        ours, floor = taking(0.03, 0.06, 0.03), taking(0.01, 0.01, 0.01)
        nginx, read = taking(0.09, 0.09, 0.09), taking(0.04, 0.03, 0.01)
        found = figures(played(ours=ours, nginx=nginx, read=read, floor=floor))
        self.assertEqual([each.contestant for each in found], [OURS, *NGINX, FLOOR])
        to_nginx, to_floor = found[0].to_nginx, found[0].to_floor
        assert to_nginx
        assert to_floor
        self.assertAlmostEqual(to_nginx.cpu, 2)  # of 0.75, 2 and 3
        self.assertAlmostEqual(to_floor.cpu, 3)
        self.assertAlmostEqual(to_nginx.rate, 1)

    def test_there_are_none_of_who_failed_nor_ratios_to_it(self) -> None:
        found = played(ours=taking(0.03, 0.03), read=taking(0.03))
        found.failed[NGINX[1]] = "it has died"
        (ours,) = figures(found)
        self.assertEqual((ours.contestant, ours.to_nginx, ours.to_floor), (OURS, None, None))


class Rendering(TestCase):
    def test_a_table_has_a_line_for_each_and_says_who_failed(self) -> None:
        found = played(ours=taking(0.0309), floor=taking(0.01))
        found.failed["granian"] = "no such option"
        lines = table(found).splitlines()
        self.assertEqual(lines[0], "### 1 kB, a few")
        self.assertEqual(
            lines[4],
            "| this server | 500 | 100 µs | 200 µs | 30.9 µs | – | 3.09 | 26.5 MB | none |",
        )
        self.assertIn("granian has failed: no such option", lines)
        self.assertEqual(len({line.count("|") for line in lines if line.startswith("|")}), 1)

    def test_large_answers_are_told_in_bytes_and_refused_ones_counted(self) -> None:
        large = Scenario("large", "110 kB", HUNDRED, 4, beyond=4)
        refused = Load(20, 2.0, 0, 0, 0, 0, {}, {"503": 20})
        lines = table(played(large, ours=[Measurement(load(9_000_000), 1, refused)])).splitlines()
        self.assertTrue(lines[2].endswith("| beyond the limit: answers/s | which were |"), lines[2])
        self.assertTrue(lines[4].endswith("| 10 | 20 × 503 |"), lines[4])
        self.assertEqual((lines[2].split("|")[3], lines[4].split("|")[3]), (" MB/s ", " 4,500 "))

    def test_durations_have_three_digits(self) -> None:
        told = [duration(each) for each in (8.634, 40, 123.4, 1234, 98_765, 1_234_567)]
        self.assertEqual(told, ["8.63 µs", "40.0 µs", "123 µs", "1.23 ms", "98.8 ms", "1,235 ms"])

    def test_what_was_counted_is_told_in_words(self) -> None:
        self.assertEqual(counts({"status": 1200, "read": 1}), "1,200 × status ≥ 400, 1 × read")
        self.assertEqual(counts({}), "none")

    def test_a_chart_is_well_formed_and_tells_each_contestant(self) -> None:
        bars = [Bar("this <server>", 2, "2 µs", ours=True), Bar("nginx & co", 4, "4 µs")]
        drawn = ET.fromstring(chart("CPU", [Group("1 kB", bars), Group("nobody", [])]))
        space = {"": "http://www.w3.org/2000/svg"}
        texts = [each.text for each in drawn.findall("text", space)]
        self.assertEqual(
            texts, ["CPU", "1 kB", "this <server>", "2 µs", "nginx & co", "4 µs", "nobody"]
        )
        widths = [float(each.attrib["width"]) for each in drawn.findall("rect", space)[1:]]
        self.assertEqual(widths[0] * 2, widths[1])
        style = drawn.findtext("style", "", space)
        self.assertIn("prefers-color-scheme: dark", style)

    def test_updates_that_tear_an_answer_or_lose_a_request_are_told(self) -> None:
        self.assertEqual(Updates(seen={"body 1": 3, "body 2": 4}).faults(), [])
        for wrong in ({"body 1": 3}, {"body 1": 3, "body 2": 4, NEITHER: 1}):
            with self.subTest(wrong):
                self.assertIn("whole", Updates(seen=wrong).faults()[0])
        lost = [Pairs("304", [Measurement(load(read=1), 1)], taking(1))]
        faults = Updates(lost, {"body 1": 3, "body 2": 4}).faults()
        self.assertEqual(faults, ["requests failed: {'read': 1}"])


class Data(TestCase):
    def test_strings_have_8_bytes_and_none_comes_twice(self) -> None:
        both = data.strings(HUNDRED) + data.strings(HUNDRED, 1)
        self.assertEqual(len(set(both)), 2 * HUNDRED)
        self.assertEqual({len(each) for each in both}, {8})

    def test_a_body_has_11_bytes_a_string_and_one(self) -> None:
        self.assertEqual(len(data.body(HUNDRED)), 11 * HUNDRED + 1)
        self.assertEqual(json.loads(data.body(3)), data.strings(3))

    def test_each_scenario_has_a_name_of_its_own(self) -> None:
        self.assertEqual(len({each.name for each in SCENARIOS}), len(SCENARIOS))


class Usage(TestCase):
    def has_passed(self, clock: usage.Clock, pid: int, seconds: float) -> bool:
        """Tell whether a process has taken more processor time than that."""
        return clock.seconds(pid) > seconds

    def test_each_clock_counts_a_process_that_burns_and_its_memory_is_told(self) -> None:
        if not usage.SCHEDULED.seconds(os.getpid()):
            self.skipTest("this kernel counts nothing in schedstat")
        burning = "import sys\nsys.stdout.write('x')\nsys.stdout.flush()\nwhile True: pass"
        command = [sys.executable, "-c", burning]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                for clock in (usage.SCHEDULED, usage.TICKED):
                    until = clock.seconds(process.pid) + 0.1
                    wait_until(partial(self.has_passed, clock, process.pid, until), clock.name)
                self.assertGreater(usage.resident([process.pid]), 1_000_000)
            finally:
                process.kill()

    def test_what_a_process_has_started_belongs_to_it(self) -> None:
        child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'input()'])"
        command = [sys.executable, "-c", child]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            wait_until(lambda: len(usage.family(process.pid)) == 2, "its child is found")
            process.communicate(b"\n")
        self.assertEqual(usage.family(process.pid), [process.pid])

    def test_who_has_ended_takes_nothing(self) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            process.wait()
        self.assertEqual(usage.resident([process.pid]), 0)
        self.assertEqual(usage.cpu_seconds([process.pid]), 0)


class TheFloor(TestCase):
    def serve(self, answer: bytes, closes: bool = False) -> Peer:
        """Have it serve an answer, and connect."""
        try:
            Floor().version()
        except AbsentError as error:
            self.skipTest(str(error))
        scenario = Scenario("floor", "floor", 1, 1, closes)
        started = self.enterContext(Floor().serving(Offer(scenario, b"", answer)))
        return Peer(self, started.port)

    def test_a_request_that_comes_in_pieces_gets_one_answer(self) -> None:
        peer = self.serve(SMALL)
        for _ in range(2):
            for piece in (GET[:5], GET[5:-3], GET[-3:-1]):
                peer.send(piece)
                self.assertFalse(peer.readable(0.01))
            peer.send(GET[-1:])
            self.assertEqual(peer.response().body, b"[42]")

    def test_requests_that_come_together_get_an_answer_each(self) -> None:
        peer = self.serve(SMALL)
        peer.send(GET * 3 + GET[:-2])
        self.assertEqual([peer.response().body for _ in range(3)], [b"[42]"] * 3)
        self.assertFalse(peer.readable(0.01))
        peer.send(GET[-2:])
        self.assertEqual(peer.response().body, b"[42]")

    def test_an_answer_that_does_not_go_out_at_once_comes_whole_nevertheless(self) -> None:
        large = data.body(500_000)
        peer = self.serve(ANSWER % (len(large), large))
        peer.send(GET * 2)
        for _ in range(2):
            self.assertEqual(peer.response().body, large)

    def test_it_closes_after_the_answer_where_it_is_told_to(self) -> None:
        peer = self.serve(SMALL, closes=True)
        peer.send(LAST_GET)
        self.assertEqual(peer.response().body, b"[42]")
        self.assertTrue(peer.ended())


class Stub:
    """A contestant that serves something in this process."""

    name = "stub"

    def __init__(self, served: bytes) -> None:
        self._served = served

    def version(self) -> str:
        return "1"

    @contextmanager
    def serving(self, _: Offer) -> Iterator[Started]:
        with Endpoints() as endpoints:
            endpoints.play("/", body(self._served))
            port = int(endpoints.url("").rpartition(":")[2])
            yield Started(port, os.getpid())


class Races(TestCase):
    def test_who_answers_wrongly_has_failed_before_anything_is_measured(self) -> None:
        right = data.body(KILOBYTE)
        for wrong in (right[:-1] + b"}", right[:-1], right + b" "):
            found = race(SCENARIO, [Stub(wrong)], Plan(1, 0.3), lambda _: None)
            self.assertIn(f"it answers {len(wrong)} bytes, not 1002", found.failed["stub"])
            self.assertEqual(figures(found), [])

    def test_who_does_not_start_has_failed_in_its_own_words(self) -> None:
        broken = peers.Peer("json.tool", sys.executable, ("json",), ("--nonsense",), "--limit")
        found = race(SCENARIO, [broken], Plan(1, 0.3), lambda _: None)
        self.assertIn("json.tool: error: ", found.failed["json.tool"])

    def test_who_is_absent_is_told_with_the_reason(self) -> None:
        found = look(
            [
                peers.Peer("there", sys.executable, (), (), ""),
                peers.Peer("no module", sys.executable, ("nonexistent",), (), ""),
                peers.Peer("no Python", "/nonexistent/python", ("json",), (), ""),
            ]
        )
        self.assertEqual([each.name for each in found.present], ["there"])
        self.assertIn("No module named 'nonexistent'", found.absent["no module"])
        self.assertIn("cannot be run", found.absent["no Python"])

    def test_the_reader_tells_the_answers_apart(self) -> None:
        with Endpoints() as endpoints:
            endpoints.play("/", body(b"[1]"))
            port = int(endpoints.url("").rpartition(":")[2])
            with Reader(port, [b"[1]", b"[2]"]) as reader:
                wait_until(lambda: reader.seen["body 1"], "the first is seen")
                endpoints.play("/", body(b"[2]"))
                wait_until(lambda: reader.seen["body 2"], "the second is seen")
                endpoints.play("/", body(b"[3]"))
                wait_until(lambda: reader.seen[NEITHER], "another is seen")
                endpoints.close()
                wait_until(lambda: len(reader.seen) > 3, "an error is seen")


class Command(TestCase):
    """`python -m tests.benchmark`."""

    def run_it(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        command = [sys.executable, "-m", "tests.benchmark", *arguments]
        environment = os.environ | ({} if path is None else {"PATH": path})
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def test_without_wrk_one_line_says_what_to_install(self) -> None:
        ended = self.run_it(path="")
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertRegex(ended.stderr, r"\Abenchmark: there is no wrk.* apt-get install wrk\n\Z")

    def test_what_does_not_exist_is_refused_with_what_does(self) -> None:
        for arguments, there in ((["fastest"], "keep-alive"), (["--only", "IIS"], OURS)):
            ended = self.run_it(*arguments)
            self.assertEqual(ended.returncode, 2)
            self.assertIn(there, ended.stderr)

    def test_a_short_run_measures_and_writes_its_results(self) -> None:
        if not wrk.is_there():
            self.skipTest(wrk.MISSING)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        ended = self.run_it(
            *("keep-alive", "--only", OURS, "--only", FLOOR, "--rounds", "1", "--seconds", "0.3"),
            *("--output", str(folder)),
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        written = json.loads((folder / "benchmark.json").read_text())
        (found,) = written["races"]
        present = set(written["contestants"])
        self.assertEqual(present | set(written["absent"]), {OURS, FLOOR})
        self.assertEqual(set(found["rounds"]), present)
        for each in found["figures"]:
            self.assertEqual(each["errors"], {})
            self.assertGreater(min(each["rate"], each["p50"], each["cpu"], each["resident"]), 0)
        for name in present:
            self.assertIn(f"| {name} | ", (folder / "benchmark.md").read_text())
            self.assertIn(name, (folder / "benchmark.svg").read_text())
