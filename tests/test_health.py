"""The command `health`, as an engine runs it every few seconds."""

import signal
import subprocess
import sys

from tests.processes import ROOT, clean_environment, command
from tests.servers import ServerTestCase

# Each would cost a check a good part of what it may: four times the time of an empty program.
HEAVY = {"argparse", "asyncio", "dataclasses", "encodings.idna", "json", "logging", "shutil", "ssl"}


class Health(ServerTestCase):
    def test_who_does_not_run_is_not_healthy(self) -> None:
        ended = command("client", "health", "--socket", str(self.socket))
        self.assertEqual(
            (ended.status, ended.output, ended.errors), (1, "client: it does not run here\n", "")
        )

    def test_who_hangs_is_not_healthy(self) -> None:
        server = self.server()
        words = ("health", "--live", "--host", "127.0.0.1", "--port", str(server.port()))
        self.assertEqual(command("server", *words).status, 0)
        server.send(signal.SIGSTOP)
        ended = command("server", *words)
        self.assertEqual(
            (ended.status, ended.output), (1, "server: it gives no answer within 2 s\n")
        )
        server.send(signal.SIGCONT)
        self.assertEqual(command("server", *words).status, 0)

    def test_a_bad_setting_is_told_as_such(self) -> None:
        ended = command("server", "health", "--port", "x")
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertEqual(ended.errors, "server: --port x: want a whole number from 0 to 65535\n")

    def test_it_imports_nothing_heavy(self) -> None:
        """In an image, where the settings are in the environment."""
        for program in ("server", "client"):
            imported = self.imported("-m", program, "health") - self.imported("-c", "pass")
            with self.subTest(program):
                self.assertIn("shared.inquiry", imported)
                self.assertEqual(imported & HEAVY, set())

    def imported(self, *words: str) -> set[str]:
        """Tell the modules that an interpreter imports for what the words have it do."""
        listing = subprocess.run(
            [sys.executable, "-X", "importtime", *words],
            cwd=ROOT,
            env=clean_environment() | {"SNAPSHOT_SOCKET": str(self.socket)},
            capture_output=True,
            text=True,
            check=False,
        ).stderr
        return {line.rpartition("|")[2].strip() for line in listing.splitlines()}
