"""The demo: the played endpoints as a service, and the whole gateway without containers."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.demo.data import COMMON, LEAVING, OWN, SIZE, items
from tests.demo.periods import PERIODS
from tests.demo.signals import ENDINGS
from tests.processes import ROOT, Program, clean_environment
from tests.support import DEADLINE, TestCase, wait_until

STOPPED = 15  # seconds; the programs promise three


def fetch(url: str) -> bytes:
    """Get what is at a URL of this machine, whatever proxy the environment names."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=DEADLINE) as response:
        body: bytes = response.read()
        return body


class Data(TestCase):
    def test_a_beat_replaces_a_part_of_the_own_strings(self) -> None:
        for period in PERIODS:
            with self.subTest(period):
                before = items(period, 1000 * period)
                self.assertEqual(items(period, 1000.99 * period), before)
                self.assertEqual(len(set(before)), COMMON + OWN)
                after = items(period, 1001 * period)
                self.assertEqual(len(set(before) & set(after)), COMMON + OWN - LEAVING)

    def test_the_periods_share_strings_and_have_their_own(self) -> None:
        served = [set(items(period, 0)) for period in PERIODS]
        self.assertEqual(len(set.intersection(*served)), COMMON)
        self.assertEqual(len(set.union(*served)), COMMON + len(PERIODS) * OWN)


class EndpointsProgram(TestCase):
    """`python -m tests.demo`."""

    def demo(self, *arguments: str) -> Program:
        """Start it."""
        return self.enterContext(Program("tests.demo", *arguments))

    def playing(self) -> tuple[Program, str]:
        """Start it on a free port, and tell its origin too."""
        demo = self.demo("--port", "0")
        url = demo.wait_for("playing period=60").rpartition(" url=")[2]
        return demo, url.removesuffix("/60")

    def refused(self, *arguments: str) -> str:
        """Tell the one line with which it refuses its settings."""
        demo = self.demo(*arguments)
        self.assertEqual((demo.end(), len(demo.lines)), (2, 1), demo.lines)
        return demo.lines[0]

    def test_each_path_answers_in_the_form_of_the_briefs_example(self) -> None:
        _, origin = self.playing()
        host, port = origin.removeprefix("http://").split(":")
        for period in (15, 30, 60):
            with self.subTest(period):
                with socket.create_connection((host, int(port)), DEADLINE) as connection:
                    connection.sendall(f"GET /{period} HTTP/1.1\r\nHost: demo\r\n\r\n".encode())
                    answer = b"".join(iter(lambda: connection.recv(4096), b""))
                head, _, body = answer.partition(b"\r\n\r\n")
                expected = (
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close"
                )
                self.assertEqual(head.decode(), expected)
                strings = json.loads(body)
                self.assertEqual({len(string.encode()) for string in strings}, {SIZE})
                compact = json.dumps(strings, ensure_ascii=False, separators=(",", ":"))
                self.assertEqual(body.decode(), compact)

    def test_a_request_is_one_line_of_the_log(self) -> None:
        demo, origin = self.playing()
        fetch(f"{origin}/15")
        fetch(f"{origin}/30")
        demo.wait_for("GET /30")
        self.assertEqual(len(demo.logged("GET /")), 2, demo.lines)

    def test_it_fails_on_demand(self) -> None:
        _, origin = self.playing()
        self.assertEqual(fetch(f"{origin}/15?fault=not-an-array"), b'{"630e1244":"5f4a8990"}')

    def test_each_signal_ends_it_though_an_answer_is_under_way(self) -> None:
        for number in ENDINGS:
            with self.subTest(number.name):
                demo, origin = self.playing()
                host, port = origin.removeprefix("http://").split(":")
                with socket.create_connection((host, int(port)), DEADLINE) as connection:
                    connection.sendall(b"GET /15?fault=drip-body HTTP/1.1\r\n\r\n")
                    self.assertTrue(connection.recv(1))
                    self.assertEqual(demo.stop(number), 0, demo.lines)
                self.assertIn("stopped", demo.lines[-1])

    def test_sigterm_ends_it_as_process_1(self) -> None:
        """A signal that a process 1 has no handler for is lost."""
        alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
        try:
            subprocess.run([*alone, "true"], check=True, capture_output=True, timeout=DEADLINE)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("this user may not make a namespace of processes here")
        command = [*alone, sys.executable, "-m", "tests.demo", "--port", "0"]
        with subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stderr=subprocess.PIPE, text=True
        ) as outer:
            self.addCleanup(outer.kill)
            assert outer.stderr
            line = outer.stderr.readline()
            self.assertIn("playing", line)
            children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
            os.kill(int(children), signal.SIGTERM)
            self.assertEqual(outer.wait(STOPPED), 0)

    def test_what_cannot_be_listened_on_is_one_line(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            where = f"demo: --host 127.0.0.1 --port {port}: cannot listen there: "
            self.assertIn(f"{where}Address already in use; want ", self.refused("--port", port))
        elsewhere = self.refused("--host", "192.0.2.1")  # of no machine: RFC 5737
        self.assertIn("--host 192.0.2.1 --port 8000: cannot listen there: ", elsewhere)

    def test_bad_values_are_one_line(self) -> None:
        cases = {
            ("--port", "70000"): "--port 70000: want a whole number from 0 to 65535",
            ("--host", "a..b"): "--host a..b: want an IPv4 address of this machine, or a name",
            ("gatway",): "unrecognized arguments: gatway; did you mean gateway? (see",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments):
                self.assertIn(f"demo: {message}", self.refused(*arguments))

    def test_help_tells_both_commands(self) -> None:
        cases = {
            "": ("[127.0.0.1; DEMO_HOST]", "python3 -m tests.demo gateway"),
            "gateway": ("[8080; PORT]", "CLIENT_LIMIT"),
        }
        for command, texts in cases.items():
            with self.subTest(command):
                demo = self.demo(*command.split(), "--help")
                self.assertEqual(demo.end(), 0)
                shown = " ".join(demo.output().split())
                for text in texts:
                    self.assertIn(text, shown)


class GatewayTestCase(TestCase):
    """A test with a directory that holds whatever the gateway leaves behind."""

    def setUp(self) -> None:
        """Make it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(self.wait_for_ends)  # those of a killed gateway end a little later

    def gateway(self, **environment: str) -> Program:
        """Start it on a free port."""
        environment |= {"TMPDIR": self.folder}
        return self.enterContext(
            Program("tests.demo", "gateway", "--port", "0", environment=environment)
        )

    def url(self, line: str) -> str:
        """Tell the URL that the line `ready: curl …` names."""
        found = re.search(r"ready: curl -s (http://127\.0\.0\.1:\d+/) ", line)
        assert found, line
        return found[1]

    def processes(self) -> dict[int, str]:
        """Tell this test's processes that run, each with its command line."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.fsencode(self.folder) in (process / "environ").read_bytes():
                    command = (process / "cmdline").read_bytes()
                    found[int(process.name)] = command.replace(b"\0", b" ").decode()
            except OSError:  # it has just ended, or it is another user's
                continue
        return found

    def one(self, name: str) -> int:
        """Tell the process id of one of the programs."""
        words = {"endpoints": "-m tests.demo --host", "client": "-m client", "server": "-m server"}
        numbers = [pid for pid, command in self.processes().items() if words[name] in command]
        self.assertEqual(len(numbers), 1, self.processes())
        return numbers[0]

    def wait_for_ends(self) -> None:
        """Wait until none of this test's processes runs."""
        wait_until(lambda: not self.processes(), "all processes have ended", STOPPED)

    def assert_nothing_left(self) -> None:
        """Fail where a process, a socket or a directory is left."""
        self.wait_for_ends()
        self.assertEqual(os.listdir(self.folder), [])


class GatewayProgram(GatewayTestCase):
    """`python -m tests.demo gateway`."""

    def test_the_merged_array_is_at_the_address_that_it_tells(self) -> None:
        started = time.time()
        gateway = self.gateway(http_proxy="http://127.0.0.1:9/")
        served = json.loads(fetch(self.url(gateway.wait_for("ready: "))))
        # New data may have come in between, at each endpoint for itself.
        states = [[items(period, now) for now in (started, time.time())] for period in PERIODS]
        merged = [
            list(dict.fromkeys(itertools.chain(*state))) for state in itertools.product(*states)
        ]
        self.assertIn(served, merged)

    def test_the_logs_are_told_apart(self) -> None:
        gateway = self.gateway()
        gateway.wait_for("ready: ")
        self.assertEqual(gateway.stop(), 0)
        for head in ("endpoints | ", "client    | ", "server    | "):
            with self.subTest(head):
                told = [line for line in gateway.lines if line.startswith(head)]
                self.assertTrue(told, gateway.lines)
                self.assertIn(" stopped", told[-1])
        others = [line for line in gateway.lines if not re.match(r"(endp|cli|serv)\w+ +\| ", line)]
        self.assertEqual(len(others), 1, others)
        self.assertTrue(others[0].startswith("gateway   | ready: "), others)

    def test_each_signal_ends_all_and_leaves_nothing_behind(self) -> None:
        for number in ENDINGS:
            with self.subTest(number.name):
                gateway = self.gateway()
                url = self.url(gateway.wait_for("ready: "))
                self.assertEqual(len(self.processes()), 4)
                self.assertEqual(gateway.stop(number), 0, gateway.lines)
                self.assert_nothing_left()
                with self.assertRaises(OSError):
                    fetch(url)

    def test_a_signal_to_everybody_at_once_is_no_mishap(self) -> None:
        gateway = self.gateway()
        gateway.wait_for("ready: ")
        for pid in sorted(self.processes(), reverse=True):  # the gateway comes last
            with suppress(ProcessLookupError):  # it may be ending the others already
                os.kill(pid, signal.SIGTERM)
        self.assertEqual(gateway.end(STOPPED), 0, gateway.lines)
        self.assert_nothing_left()

    def test_a_signal_while_it_starts_ends_all_too(self) -> None:
        gateway = self.gateway()
        gateway.wait_for("playing period=15")
        self.assertEqual(gateway.stop(signal.SIGINT), 0, gateway.lines)
        self.assert_nothing_left()

    def test_a_program_that_does_not_end_is_killed(self) -> None:
        gateway = self.gateway()
        gateway.wait_for("ready: ")
        os.kill(self.one("client"), signal.SIGSTOP)
        self.assertEqual(gateway.stop(), 0)
        self.assertTrue(gateway.logged("client    | it does not end within 5 s, so it is killed"))
        self.assert_nothing_left()

    def test_nothing_runs_on_when_it_is_killed(self) -> None:
        gateway = self.gateway()
        gateway.wait_for("ready: ")
        gateway.kill()
        self.wait_for_ends()

    def test_a_program_that_is_killed_is_named_and_ends_the_rest(self) -> None:
        for name in ("endpoints", "client", "server"):
            with self.subTest(name):
                gateway = self.gateway()
                gateway.wait_for("ready: ")
                os.kill(self.one(name), signal.SIGKILL)
                self.assertEqual(gateway.end(STOPPED), 1)
                last = f"gateway   | {name} ended by itself, so all are ended: Killed ("
                self.assertIn(last, gateway.lines[-1])
                self.assert_nothing_left()

    def test_a_program_that_refuses_its_settings_is_named_with_what_it_said(self) -> None:
        gateway = self.gateway(CLIENT_LIMIT="ten")
        self.assertEqual(gateway.end(STOPPED), 1)
        self.assertRegex(
            gateway.lines[-1],
            r"server ended by itself, so all are ended: exit status 2 "
            r"\(server: CLIENT_LIMIT=ten: want a whole number",
        )
        self.assert_nothing_left()

    def test_a_port_in_use_is_one_line_and_nothing_is_started(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            gateway = self.enterContext(Program("tests.demo", "gateway", "--port", port))
            self.assertEqual(gateway.end(), 2)
        self.assertEqual(len(gateway.lines), 1, gateway.lines)
        refusal = (
            f"gateway: --port {port}: cannot listen on 127.0.0.1: Address already in use; want"
        )
        self.assertIn(refusal, gateway.lines[0])


class Terminal:
    """A terminal in which the gateway is the foreground job, and what it shows."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._end, terminal = os.openpty()
        os.set_blocking(self._end, False)
        # The first terminal that the leader of a session opens is the one that controls it.
        shell = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(terminal)]
        self.process = subprocess.Popen(
            [*shell, sys.executable, "-m", "tests.demo", "gateway", "--port", "0"],
            cwd=ROOT,
            env=clean_environment() | environment,
            start_new_session=True,
        )
        self._shown = b""
        self._terminal = terminal

    def shown(self) -> str:
        """Tell what has been shown so far."""
        with suppress(BlockingIOError):
            self._shown += os.read(self._end, 65536)
        return self._shown.decode(errors="replace")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._end, keys)

    def close(self) -> None:
        """Close the terminal, which hangs up. Safe to call again."""
        for descriptor in {self._end, self._terminal} - {-1}:
            os.close(descriptor)
        self._end = self._terminal = -1

    def kill(self) -> None:
        """End what is left."""
        self.process.kill()
        self.process.wait()
        self.close()


class GatewayInTerminal(GatewayTestCase):
    def terminal(self, **environment: str) -> Terminal:
        """Open a terminal and wait until the gateway is ready there."""
        terminal = Terminal(environment | {"TMPDIR": self.folder})
        self.addCleanup(terminal.kill)
        wait_until(lambda: "ready: curl" in terminal.shown(), "it is ready")
        return terminal

    def test_ctrl_c_ends_all_and_leaves_nothing_behind(self) -> None:
        terminal = self.terminal()
        terminal.type(b"\x03")
        self.assertEqual(terminal.process.wait(STOPPED), 0, terminal.shown())
        self.assertNotIn("Traceback", terminal.shown())
        self.assert_nothing_left()

    def test_closing_it_ends_all_and_leaves_nothing_behind(self) -> None:
        terminal = self.terminal()
        terminal.close()
        self.assertEqual(terminal.process.wait(STOPPED), 0)
        self.assert_nothing_left()

    def test_the_names_are_coloured_unless_no_color_is_set(self) -> None:
        coloured = re.compile(r"\x1b\[\d+m(endpoints|client   |server   |gateway  ) \|\x1b\[0m ")
        names = set(coloured.findall(self.terminal(NO_COLOR="").shown()))
        self.assertEqual(
            {name.strip() for name in names}, {"endpoints", "client", "server", "gateway"}
        )
        self.assertNotIn("\x1b", self.terminal(NO_COLOR="1").shown())
