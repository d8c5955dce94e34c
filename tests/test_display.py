"""The command `status`: its forms, the terminal, and what it says where nobody answers."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from shared import inquiry
from tests.processes import ROOT, Ended, Program, clean_environment, command
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.serving import GET
from tests.support import DEADLINE, wait_until

SMALL = snapshot()


class Status(FedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.feed(SMALL)
        self.running = self.fed_server()
        self.where = ("--host", "127.0.0.1", "--port", str(self.running.port()))

    def ask(self, *words: str) -> Ended:
        """Ask the server."""
        return command("server", "status", *self.where, *words)

    def start(self, *words: str, output: int, **environment: str) -> subprocess.Popen[bytes]:
        """Start the command with its output somewhere; ended at the end of the test."""
        started = subprocess.Popen(
            [sys.executable, "-m", "server", "status", *self.where, *words],
            cwd=ROOT,
            env=clean_environment() | environment,
            stdout=output,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        return started

    def on_terminal(self, **environment: str) -> bytes:
        """Tell what it shows on a terminal."""
        near, far = pty.openpty()
        self.addCleanup(os.close, near)
        started = self.start(output=far, **environment)
        os.close(far)
        self.assertEqual(started.wait(10), 0)
        return os.read(near, 10_000)

    def test_in_a_pipe_it_is_plain(self) -> None:
        ended = self.ask()
        self.assertEqual((ended.status, ended.errors), (0, ""))
        first, *_ = ended.output.splitlines()
        self.assertRegex(first, r"^server [\d.]+ at 127\.0\.0\.1:\d+, up [\d.]+ s: healthy$")
        self.assertNotIn("\x1b", ended.output)

    def test_a_terminal_is_shown_colour(self) -> None:
        self.assertIn(b"\x1b[32mhealthy\x1b[0m", self.on_terminal(TERM="xterm"))

    def test_unless_no_color_is_set(self) -> None:
        shown = self.on_terminal(TERM="xterm", NO_COLOR="1")
        self.assertIn(b": healthy\r\n", shown)
        self.assertNotIn(b"\x1b", shown)

    def test_json_is_an_object_on_one_line(self) -> None:
        ended = self.ask("--json")
        self.assertEqual(ended.output.count("\n"), 1)
        self.assertEqual(json.loads(ended.output)["program"]["program"], "server")

    def test_prometheus_is_told_whose_the_metrics_are(self) -> None:
        told = self.ask("--prometheus").output
        where = f'host="{os.uname().nodename}",address="127.0.0.1:{self.running.port()}"'
        self.assertIn(f"\ngateway_server_clients_limit{{{where}}} 100\n", told)

    def test_both_forms_at_once_are_refused(self) -> None:
        ended = self.ask("--json", "--prometheus")
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertEqual(ended.errors, "server: --json --prometheus: want one of them\n")

    def test_who_does_not_run_is_told_with_those_that_do(self) -> None:
        ended = command("server", "status", "--host", "127.0.0.1", "--port", "1")
        self.assertEqual((ended.status, ended.output), (1, ""))
        self.assertIn("server: no status: it does not run here; want --host and", ended.errors)
        self.assertRegex(ended.errors, rf"running here: .*127\.0\.0\.1:{self.running.port()}\b")

    def test_a_program_of_another_version_is_told_as_such(self) -> None:
        """One that was started before an upgrade in place, say."""
        address = inquiry.address("server", "127.0.0.1:1")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(address)
            listening.listen()
            answering = threading.Thread(target=self.answer, args=(listening, b"{}", 2))
            answering.start()
            for form in ((), ("--prometheus",)):
                ended = command("server", "status", "--host", "127.0.0.1", "--port", "1", *form)
                reason = "it is of another version than this command: restart it"
                self.assertEqual(
                    (ended.status, ended.output, ended.errors),
                    (1, "", f"server: no status: {reason}\n"),
                )
            answering.join(DEADLINE)

    def answer(self, listening: socket.socket, answer: bytes, times: int) -> None:
        """Answer so many inquiries."""
        listening.settimeout(DEADLINE)
        for _ in range(times):
            with listening.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(answer)

    def test_who_hangs_is_told_so_and_not_where_it_might_be(self) -> None:
        self.running.send(signal.SIGSTOP)
        ended = self.ask()
        self.running.send(signal.SIGCONT)
        self.assertEqual(
            (ended.status, ended.errors),
            (1, "server: no status: it gives no answer within 2 s\n"),
        )

    def test_a_reader_that_has_enough_is_no_error(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        started = self.start(output=writing)
        os.close(writing)
        self.assertEqual(started.communicate(timeout=10)[1], b"")
        self.assertEqual(started.returncode, 0)

    def test_a_full_disk_is_told_in_a_line(self) -> None:
        with open("/dev/full", "wb") as full:
            started = self.start(output=full.fileno())
        errors = started.communicate(timeout=10)[1]
        self.assertEqual(errors, b"standard output: No space left on device\n")
        self.assertEqual(started.returncode, 1)

    def test_an_output_that_is_closed_is_no_error(self) -> None:
        words = [sys.executable, "-m", "server", "status", *self.where]
        ended = subprocess.run(
            ["sh", "-c", 'exec "$@" >&-', "sh", *words],
            cwd=ROOT,
            env=clean_environment(),
            stderr=subprocess.PIPE,
            check=False,
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_an_encoding_that_lacks_a_character_is_no_error(self) -> None:
        self.assertEqual(self.ask_once(self.running.port(), GET.replace(b"/ ", b"/x ")), 404)
        ended = command("server", "status", *self.where, environment={"PYTHONIOENCODING": "ascii"})
        self.assertEqual((ended.status, ended.errors), (0, ""))
        self.assertIn(r"errors    1 \xd7 404", ended.output)

    def test_watch_repeats_it_through_a_restart_until_ctrl_c(self) -> None:
        path = self.socket.with_name("watched")
        with path.open("wb") as file:
            started = self.start("--watch", "--json", output=file.fileno())

        def told(text: str) -> int:
            return Path(path).read_text().count(text)

        wait_until(lambda: told('"health": "ok"') >= 2, "it is told twice")
        self.running.kill()
        wait_until(lambda: told("it does not run here"), "it is told that it is gone")
        seen = told('"health": "ok"')
        port = str(self.running.port())
        self.enterContext(
            Program("server", "--host", "127.0.0.1", "--port", port, "--socket", str(self.socket))
        )
        wait_until(lambda: told('"health": "ok"') > seen, "it is told that it is back")
        started.send_signal(signal.SIGINT)
        self.assertEqual(started.communicate(timeout=10)[1], b"")
        self.assertEqual(started.returncode, 130)

    def test_help_tells_how(self) -> None:
        ended = command("client", "status", "--help")
        self.assertEqual(ended.status, 0)
        for word in ("--socket", "--json", "--prometheus", "--watch"):
            self.assertIn(word, ended.output)
