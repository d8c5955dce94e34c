"""A program's command line: its commands, and signals that come before it has begun."""

import subprocess
import sys

from shared.version import VERSION
from tests.processes import ROOT, command
from tests.support import TestCase

EARLY = """
import os, signal, sys
from shared import program
kill = lambda words: os.kill(os.getpid(), signal.{name})
sys.argv[1:] = {words}
program.run("tested", kill, {{"ask": kill}})
"""


class CommandLine(TestCase):
    def test_a_signal_that_comes_early_ends_it_without_a_word(self) -> None:
        """Well, where it was only to run; not, where it was to have a result."""
        serves = list[str]()
        cases = (("SIGTERM", serves, 0), ("SIGINT", serves, 130), ("SIGTERM", ["ask"], 143))
        for name, words, status in cases:
            ended = subprocess.run(
                [sys.executable, "-c", EARLY.format(name=name, words=words)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            with self.subTest(name, words=words):
                self.assertEqual((ended.returncode, ended.stdout + ended.stderr), (status, ""))

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
