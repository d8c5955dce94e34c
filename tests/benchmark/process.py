"""Processes of contestants: started on the servers' core, and ended whatever happens."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.benchmark.contestant import FailedError
from tests.benchmark.cores import SERVERS, pinned
from tests.processes import ROOT, clean_environment
from tests.support import wait_until

HOST = "127.0.0.1"
LAST_WORDS = 3  # lines of its output that tell why a process failed


class Process:
    """A process and those that it starts; all are killed at the end of the context."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it; what it writes is kept in the folder."""
        self._log = folder / "log"
        with pinned(SERVERS), self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=clean_environment() | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # so that it can be ended together with those that it starts
            )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):  # all have ended
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        """Tell the process's id, which is that of its group too."""
        return self._process.pid

    def wait_for(self, port: int) -> None:
        """Wait until it listens on a port. Raises FailedError."""
        try:
            wait_until(lambda: self._has_ended() or _listens(port), f"it listens on port {port}")
        except AssertionError as error:
            raise FailedError(f"{error}; {self._last_words()}") from None
        if self._has_ended():
            raise FailedError(self._last_words())

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return "it said: " + (" | ".join(lines[-LAST_WORDS:]) or "nothing")


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port)).close()
    except ConnectionRefusedError:
        return False
    return True


def free_port() -> int:
    """Tell a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])
