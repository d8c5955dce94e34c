"""A program's command line: its commands, and signals that come before it has begun."""

import json
import subprocess
import sys

from shared.version import VERSION
from tests.processes import ROOT, clean_environment, command
from tests.support import DEADLINE, TestCase

EARLY = """
import atexit, os, signal, sys
from shared import program
kill = lambda words: os.kill(os.getpid(), signal.{name})
for _ in range({again}):
    atexit.register(kill, [])
sys.argv[1:] = {words}
program.run("tested", kill, {{"ask": kill}})
"""

# The thread that a signal reaches is any: here one that is not the loop's.
WAITING = """
import asyncio, signal, threading
from shared import life
def kill():
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
async def main(values, stop):
    threading.Timer(0.05, kill).start()
    await stop.wait()
for _ in range(5):
    asyncio.run(life._until_stopped({}, main))
"""


CRASH = """
import sys
from shared import life
async def main(values, stop):
    raise RuntimeError("oh\\nno")
async def check(values):
    return True
life.run("tested", "It does.", (), ["--socket", "/tmp/x.sock", *sys.argv[1:]], main, check)
"""


class CommandLine(TestCase):
    def test_a_signal_that_comes_early_ends_it_without_a_word(self) -> None:
        """Well, where it was only to run; not, where it was to have a result."""
        serves = list[str]()
        cases = (("SIGTERM", serves, 0), ("SIGINT", serves, 130), ("SIGTERM", ["ask"], 143))
        for name, words, status in cases:
            with self.subTest(name, words=words):
                self.assertEqual(self.ended_by(name, words), (status, ""))

    def test_an_early_signal_that_comes_again_changes_nothing(self) -> None:
        for name, status in (("SIGTERM", 0), ("SIGINT", 130)):
            with self.subTest(name):
                self.assertEqual(self.ended_by(name, [], again=4), (status, ""))

    def ended_by(self, name: str, words: list[str], again: int = 0) -> tuple[int, str]:
        """Return the exit status and the output of a program that an early signal has ended.

        The signal comes `again` so many times while the interpreter exits.
        """
        ended = subprocess.run(
            [sys.executable, "-c", EARLY.format(name=name, words=words, again=again)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def test_an_unforeseen_error_is_a_line_of_the_log(self) -> None:
        for form in ("text", "json"):
            ended = subprocess.run(
                [sys.executable, "-c", CRASH, "--log-format", form],
                cwd=ROOT,
                env=clean_environment(),
                capture_output=True,
                text=True,
                timeout=DEADLINE,
                check=False,
            )
            with self.subTest(form):
                self.assertEqual((ended.returncode, ended.stdout), (1, ""))
                self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
                self.assertIn("ended by an unforeseen error", ended.stderr)
                self.assertIn("RuntimeError: oh", ended.stderr)
                if form == "json":
                    self.assertIn("RuntimeError: oh\nno", json.loads(ended.stderr)["traceback"])

    def test_help_fits_a_screen(self) -> None:
        for program in ("client", "server"):
            for words in ((), ("status",), ("health",)):
                ended = command(program, *words, "--help")
                lines = ended.output.splitlines()
                with self.subTest(program, words=words):
                    self.assertEqual((ended.status, ended.errors), (0, ""))
                    self.assertLessEqual(len(lines), 24)
                    self.assertLessEqual(max(map(len, lines)), 80)

    def test_the_version_is_told(self) -> None:
        for program in ("client", "server"):
            ended = command(program, "--version")
            self.assertEqual((ended.status, ended.output), (0, f"{program} {VERSION}\n"))

    def test_a_word_that_is_no_command_is_refused(self) -> None:
        ended = command("server", "stats")
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertIn("stats; did you mean status?", ended.errors)
        self.assertEqual(ended.errors.count("\n"), 1)

    def test_a_signal_wakes_up_a_loop_that_waits_for_nothing_else(self) -> None:
        ended = subprocess.run(
            [sys.executable, "-c", WAITING],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=6 * DEADLINE,
            check=False,
        )
        self.assertEqual((ended.returncode, ended.stdout + ended.stderr), (0, ""))
