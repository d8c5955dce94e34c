"""A session at a terminal, in which the commands of a page are typed."""

import difflib
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.transcript import Command, agrees, begins, masked, printed

PATIENCE = 300.0  # seconds for a command, which may build an image
RETRIES = 30.0  # seconds in which an output may become what the page tells
LINGERING = 2.0  # seconds after which a command is ended that goes on when all is told


class Session:
    """Runs commands by a shell on a terminal, in a folder."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], replaced: Mapping[str, str]
    ) -> None:
        """Have texts of the commands replaced, such as ports, by what is to stand there."""
        self._folder = folder
        self._environment = {**environment, "TERM": "dumb"}
        self._replaced = replaced

    def run(self, command: Command) -> None:
        """Run a command; raises AssertionError where it fails, or prints what is not told.

        What is told may take its time to become true, as it would for a person.
        """
        started = time.monotonic()
        while True:
            status, output = self._run(command)
            well = status == 0 and (not command.output or agrees(command.output, output))
            well = well or (status is None and begins(command.output, output))
            if well:
                return
            if not command.output or time.monotonic() - started > RETRIES:
                raise AssertionError(self._difference(command, status, output))
            time.sleep(0.5)

    def _run(self, command: Command) -> tuple[int | None, str]:
        """Tell the exit status, None where it went on after all was told, and the output."""
        text = command.text
        for old, new in self._replaced.items():
            text = text.replace(old, new)
        near, far = pty.openpty()
        try:
            process = subprocess.Popen(
                ["sh", "-ec", text],
                cwd=self._folder,
                env=self._environment,
                stdin=far,
                stdout=far,
                stderr=far,
                start_new_session=True,
            )
            os.close(far)
            output = self._read(
                near, lambda read: bool(command.output) and begins(command.output, read)
            )
            try:
                return process.wait(LINGERING), output
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(PATIENCE)
                return None, output
        finally:
            os.close(near)

    def _read(self, near: int, is_told: Callable[[str], bool]) -> str:
        """Read until the command ends, or goes on though all has been told."""
        output, told, until = b"", 0.0, time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not select.select([near], [], [], 0.1)[0]:
                if told and time.monotonic() - told > LINGERING:
                    break
                continue
            try:
                piece = os.read(near, 65_536)
            except OSError:  # EIO: nobody has the other end any more
                break
            output += piece
            if not told and is_told(output.decode(errors="replace")):
                told = time.monotonic()
        return output.decode(errors="replace")

    @staticmethod
    def _difference(command: Command, status: int | None, output: str) -> str:
        told = [masked(line) for line in command.output]
        seen = [masked(line) for line in printed(output)]
        lines = difflib.unified_diff(told, seen, "the page", "the command", lineterm="")
        return "\n".join(
            [f"{command.page}:{command.line}: {command.text}", f"exit status {status}", *lines]
            if command.output
            else [f"{command.page}:{command.line}: {command.text}", f"{status}", output]
        )
