"""The client as a process: bad values, the log, signals."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

from tests.demo.behaviours import array, body
from tests.demo.faults import FAULTS
from tests.polled import PolledTestCase
from tests.processes import ROOT, Program, clean_environment
from tests.support import DEADLINE, wait_until

GOOD = ["630e1244", "5f4a8990"]


class ClientTestCase(PolledTestCase):
    """A test with an endpoint."""

    def setUp(self) -> None:
        """Have it play."""
        super().setUp()
        self.endpoints.play("/data", array(GOOD))

    def client(self, *arguments: str, **environment: str) -> Program:
        """Start a client on this test's socket."""
        common = ("--socket", str(self.socket))
        return self.enterContext(Program("client", *common, *arguments, environment=environment))


class BadValues(ClientTestCase):
    def refused(self, *arguments: str, **environment: str) -> str:
        """Tell the one line with which the client refuses its settings."""
        return self.client(*arguments, **environment).refusal()

    def test_each_is_named_with_what_would_be_right(self) -> None:
        cases = {
            "abc=http://x": "--endpoint abc=http://x: want a number of seconds from 0.01 up",
            "0=http://x": "--endpoint 0=http://x: want a number of seconds from 0.01 up",
            "-5=http://x": "--endpoint -5=http://x: want a number of seconds from 0.01 up",
            "nan=http://x": "--endpoint nan=http://x: want a number of seconds from 0.01 up",
            "15=ftp://x": "--endpoint 15=ftp://x: want a URL that begins with http://HOST",
            "15=http://u:secret@x y": "--endpoint '15=http://***@x y': want a URL without blanks",
        }
        for value, message in cases.items():
            with self.subTest(value):
                self.assertIn(message, self.refused("--endpoint", value))

    def test_no_endpoint_is_refused(self) -> None:
        for arguments in ((), ("--endpoint",)):
            with self.subTest(arguments):
                self.assertIn("--endpoint", self.refused(*arguments))

    def test_the_same_endpoint_twice_is_refused(self) -> None:
        reason = "http://x/a: want each endpoint once; it is there twice"
        first, second = "15=http://x/a", "30=http://x:80/a"
        refusal = self.refused("--endpoint", first, "--endpoint", second)
        self.assertEqual(refusal, f"--endpoint {reason}")
        self.assertEqual(self.refused(ENDPOINTS=f"{first} {second}"), f"ENDPOINTS={reason}")

    def test_a_socket_with_the_state_files_name_is_refused(self) -> None:
        path = self.socket.with_name("state.json")
        client = Program("client", "--socket", str(path), "--endpoint", "15=http://x/")
        refusal = self.enterContext(client).refusal()
        self.assertEqual(
            refusal, f"--socket {path}: want another name, since the state file has this"
        )

    def test_a_path_in_a_directory_that_is_gone_is_refused(self) -> None:
        for words, message in (
            ("--socket x.sock", "--socket x.sock: want an absolute path, since the current dir"),
            (f"--socket {self.socket} --state x", "--state x: want an absolute path, since the"),
        ):
            gone = self.enterContext(tempfile.TemporaryDirectory())
            script = f'cd "$1" && rmdir "$1" && exec "$2" -m client --endpoint 1=http://x/ {words}'
            ended = subprocess.run(
                ["sh", "-c", script, "sh", gone, sys.executable],
                env=clean_environment() | {"PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                timeout=DEADLINE,
                check=False,
            )
            os.mkdir(gone)
            with self.subTest(words):
                self.assertEqual(ended.returncode, 2)
                self.assertIn(f"client: {message}", ended.stderr)
                self.assertEqual(ended.stderr.count("\n"), 1)

    def test_a_bad_variable_is_named_as_such(self) -> None:
        cases = {
            ("ENDPOINTS", "15=http://x/a b"): "ENDPOINTS='15=http://x/a b': want a URL without",
            ("ENDPOINTS", "15=http://x/ b=http://y/"): "ENDPOINTS=b=http://y/: want a number",
            ("ENDPOINTS", "15=http://x\\y"): "ENDPOINTS='15=http://x\\y': want a URL without",
            ("STATE_FILE", "/no/such/x"): "STATE_FILE=/no/such/x: want a path in a directory",
            ("STATE_FILE", "/"): "STATE_FILE=/: want the path of a file, or none",
            ("STATE_FILE", str(self.socket)): f"STATE_FILE={self.socket}: want another path",
            ("SNAPSHOT_SOCKET", "/no/such/x"): "SNAPSHOT_SOCKET=/no/such/x: want a path in",
            ("SNAPSHOT_SOCKET", "/proc/x"): "SNAPSHOT_SOCKET=/proc/x: a socket cannot be made",
        }
        for (variable, value), message in cases.items():
            settings = {"ENDPOINTS": "15=http://x/", "STATE_FILE": "none"} | {variable: value}
            with self.subTest(message):
                client = Program("client", environment=settings | self.socket_unless(variable))
                self.assertIn(message, self.enterContext(client).refusal())

    def socket_unless(self, variable: str) -> dict[str, str]:
        """Return this test's socket as a variable, unless the test sets that."""
        return {} if variable == "SNAPSHOT_SOCKET" else {"SNAPSHOT_SOCKET": str(self.socket)}

    def test_a_url_with_a_blank_shows_no_part_of_a_password(self) -> None:
        for credentials in (
            "user:secret x",
            "user:80 secret x",
            "user:80 secret=x",
            "user:p/se cret",
        ):
            refusal = self.refused(ENDPOINTS=f"15=http://{credentials}@x/")
            self.assertIn("ENDPOINTS='15=http://***@x/': want a URL without blanks", refusal)
        refusal = self.refused("--endpoint", "15=http://user:my", "secret", "words@x/")
        self.assertIn("unrecognized arguments: a value, a value (see", refusal)

    def test_other_bad_values_are_refused(self) -> None:
        good = ("--endpoint", "15=http://x/")
        cases = {
            ("--timeout", "0"): "--timeout 0: want a number of seconds from 0.01 to 86400",
            ("--max-body", "1"): "--max-body 1: want a whole number from 2",
            ("--max-body", "1_0"): "--max-body 1_0: want a whole number",
            ("--log-level", "loud"): "--log-level loud: want one of debug, info, warning, error",
            ("--log-format", "xml"): "--log-format xml: want one of text, json",
            ("--state", "/no/such/state.json"): "/no/such does not exist",
            ("--state", str(self.socket)): "want another path than the socket's",
            ("--state", f"{self.folder}/../{self.folder.name}/snapshot.sock"): "want another path",
            ("--state", ""): "--state '': want the path of a file, or none",
            ("--state", "/"): "--state /: want the path of a file, or none",
            ("--socket", ""): "--socket '': want a path",
            ("--socket", "/"): "--socket /: want a path in a directory that exists",
            ("--socket", "/no\nsuch/x"): "--socket $'/no\\x0asuch/x': want a path in a directory",
            ("--state", "/no\nsuch/x"): "/no\\nsuch does not exist",
            ("--state", f"/{'x' * 300}/y"): "want a path in a directory that exists",
            (
                "--log\nlevel",
                "x",
            ): "arguments: --log\\nlevel, x; did you mean --log-level? (see",
            ("http://user:secret@x/",): "unrecognized arguments: a value (see",
            ("--endpoints=15=http://user:secret@x/",): "arguments: --endpoints; did you mean",
            ("--socket", "/no/such/snapshot.sock"): "a directory that exists; /no/such does not",
            ("--socket", "/tmp/" + "s" * 103): "want a path of at most 107 bytes",
            ("--http://user:secret@x/",): "unrecognized arguments: --http (see",
            ("--check=http://user:secret@x/",): "ignored explicit argument (see",
            ("--nonsense",): "unrecognized arguments: --nonsense (see python -m client --help)",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments):
                refusal = self.refused(*good, *arguments)
                self.assertIn(message, refusal)
                self.assertNotIn("secret", refusal)

    def test_a_file_of_certificates_that_is_none_is_refused(self) -> None:
        endpoint = ("--endpoint", "15=https://x/")
        refusal = self.refused(*endpoint, SSL_CERT_FILE="/no/such.pem")
        self.assertIn(
            "SSL_CERT_FILE=/no/such.pem: want a file of certificates: No such file", refusal
        )
        refusal = self.refused(*endpoint, SSL_CERT_FILE=__file__)
        self.assertIn(f"SSL_CERT_FILE={__file__}: want a file of certificates, as PEM", refusal)
        pipe = str(self.folder / "pipe")
        os.mkfifo(pipe)
        refusal = self.refused(*endpoint, SSL_CERT_FILE=pipe)
        self.assertIn(f"SSL_CERT_FILE={pipe}: want a file of certificates: it is not a", refusal)

    def test_a_directory_that_cannot_be_written_is_refused(self) -> None:
        """Nobody can write to `/proc`, not even root."""
        refusal = self.refused("--endpoint", "15=http://x/", "--socket", "/proc/snapshot.sock")
        self.assertIn("--socket /proc/snapshot.sock: a socket cannot be made there: ", refusal)
        self.assertIn("want a path in a directory that can be written", refusal)

    def test_a_second_client_on_one_socket_is_refused_and_the_first_goes_on(self) -> None:
        endpoint = f"60={self.endpoints.url('/data')}"
        first = self.client("--endpoint", endpoint)
        first.wait_for("snapshot pushed")
        refusal = self.refused("--endpoint", endpoint)
        self.assertIn("another client is listening there; stop it, or use another path", refusal)
        self.assertTrue(self.socket.is_socket())
        self.assertEqual(first.stop(), 0)

    def test_help_tells_defaults_units_and_variables(self) -> None:
        client = self.client("--help")
        self.assertEqual(client.end(), 0)
        text = " ".join(client.output().split())
        for words in (
            "--endpoint SECONDS=URL",
            "[required; ENDPOINTS]",
            "[10, or nine tenths of the period where that is shorter; FETCH_TIMEOUT]",
            "the largest response body taken [16777216; MAX_BODY]",
            "[state.json beside the socket; STATE_FILE]",
            "[/run/gateway/snapshot.sock; SNAPSHOT_SOCKET]",
            "[info; LOG_LEVEL]",
            "[text; LOG_FORMAT]",
        ):
            with self.subTest(words):
                self.assertIn(words, text)

    def test_another_system_than_linux_is_refused_in_one_line(self) -> None:
        code = (
            "import asyncio, runpy, sys, urllib.request; sys.platform = 'freebsd14'; "
            "runpy.run_module('client', run_name='__main__')"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        self.assertEqual(ended.returncode, 2)
        self.assertEqual(
            ended.stderr, "client: it needs Linux, or containers; this system is freebsd14\n"
        )


class Logs(ClientTestCase):
    def test_a_poll_and_a_push_are_a_line_each(self) -> None:
        client = self.client("--endpoint", f"60={self.endpoints.url('/data')}")
        pushed = client.wait_for("snapshot pushed")
        self.assertRegex(
            client.logged("polled")[0],
            r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info client polled endpoint=http://127\.0"
            r"\.0\.1:\d+/data outcome=ok items=2 bytes=23 duration=\d+\.\d{3} changed=yes$",
        )
        self.assertIn("items=2 bytes=23 gzip=43 servers=0", pushed)
        self.assertEqual(client.stop(), 0)
        self.assertIn("client stopped", client.lines[-1])

    def test_json_is_one_object_a_line(self) -> None:
        client = self.client(
            "--endpoint", f"60={self.endpoints.url('/data')}", "--log-format", "json"
        )
        client.wait_for("snapshot pushed")
        self.assertEqual(client.stop(), 0)
        polled = next(line for line in map(json.loads, client.lines) if line["message"] == "polled")
        self.assertEqual((polled["level"], polled["component"]), ("info", "client"))
        self.assertEqual((polled["items"], polled["changed"]), (2, True))

    def test_no_secret_is_logged_that_an_endpoint_repeats(self) -> None:
        for number, answer in enumerate((b'{"bad": "secret"}', b'["secret12"]x', b'["secret"]')):
            self.endpoints.play(f"/{number}", body(answer))
        urls = [self.endpoints.url(f"/{number}?token=secret") for number in range(3)]
        client = self.client(ENDPOINTS=" ".join(f"60={url}" for url in urls))
        wait_until(lambda: len(client.logged("poll failed")) == 3, "all have failed")
        self.assertEqual(client.stop(), 0)
        self.assertFalse(client.logged("secret"))

    def test_no_secret_is_logged_or_kept(self) -> None:
        url = self.endpoints.url("/data?token=secret").replace("//", "//user:secret@")
        bad = url.replace("/data", "/none")
        client = self.client(ENDPOINTS=f"60={url} 60={bad}", LOG_LEVEL="debug")
        client.wait_for("snapshot pushed")
        client.wait_for("poll failed")
        self.assertEqual(client.stop(), 0)
        self.assertFalse(client.logged("secret"))
        self.assertNotIn("secret", (self.folder / "state.json").read_text())


class Signals(ClientTestCase):
    def test_each_ends_it_cleanly_and_takes_the_socket_away(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                client = self.client("--endpoint", f"60={self.endpoints.url('/data')}")
                client.wait_for("snapshot pushed")
                self.assertEqual(client.stop(number), 0)
                self.assertEqual(sorted(os.listdir(self.folder)), ["state.json"])

    def test_polls_under_way_do_not_delay_the_end(self) -> None:
        self.endpoints.play("/hang", FAULTS["hang"])
        self.endpoints.play("/drip", FAULTS["drip-body"])
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            urls = [self.endpoints.url("/hang"), self.endpoints.url("/drip"), silent_url]
            client = self.client(ENDPOINTS=" ".join(f"60={url}" for url in urls))
            wait_until(lambda: len(self.endpoints.requests) == 2, "the polls are under way")
            self.assertEqual(client.stop(), 0)

    def test_a_hanging_look_up_does_not_delay_the_end(self) -> None:
        """Nothing that answers for names hangs on demand, so `getaddrinfo` does in its place."""
        hook = self.folder / "sitecustomize.py"
        hook.write_text(
            "import socket, sys, time\n"
            "def getaddrinfo(*_, **__):\n"
            "    print('looking up', file=sys.stderr, flush=True)\n"
            "    time.sleep(600)\n"
            "socket.getaddrinfo = getaddrinfo\n"
        )
        path = os.pathsep.join([str(self.folder), os.environ.get("PYTHONPATH", "")])
        client = self.client(ENDPOINTS="0.05=http://slow.example/", PYTHONPATH=path)
        client.wait_for("no whole answer within 0.045 s")
        wait_until(lambda: len(client.logged("poll failed")) >= 5, "it has been polled five times")
        self.assertEqual(len(client.logged("looking up")), 1)
        self.assertLessEqual(len(os.listdir(f"/proc/{client.pid}/task")), 5)
        self.assertEqual(client.stop(), 0)


class Resources(ClientTestCase):
    def test_polls_that_hang_leave_no_pile_of_threads_or_descriptors(self) -> None:
        self.endpoints.play("/hang", FAULTS["hang"])
        self.endpoints.play("/drip", FAULTS["drip-body"])
        urls = [self.endpoints.url(path) for path in ("/hang", "/drip", "/data")]
        client = self.client(ENDPOINTS=" ".join(f"0.05={url}" for url in urls))
        wait_until(lambda: len(client.logged("poll failed")) > 20, "it has polled for a while")
        self.assertLessEqual(len(os.listdir(f"/proc/{client.pid}/task")), 7)
        self.assertLessEqual(len(os.listdir(f"/proc/{client.pid}/fd")), 20)
        self.assertEqual(client.stop(), 0)

    def test_a_hanging_endpoint_delays_no_other(self) -> None:
        self.endpoints.play("/hang", FAULTS["hang"])
        hanging, good = self.endpoints.url("/hang"), self.endpoints.url("/data")
        client = self.client(ENDPOINTS=f"60={hanging} 0.05={good}")
        wait_until(lambda: len(client.logged("outcome=ok")) > 10, "the good one is polled on")
        pushed = client.wait_for("snapshot pushed")
        self.assertTrue(re.search(r"items=2\b", pushed))
        self.assertEqual(client.stop(), 0)
