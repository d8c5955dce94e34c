"""A program of this project as a process that does not outlive this one."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 5.0  # seconds to end in; the programs promise three


class Process:
    """`python -m` something, started; each line that it writes is told as it comes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        tell: Callable[[str], None],
        ended: Callable[["Process"], None],
    ) -> None:
        """Start it. When it has ended and all is told, `ended` is called with it."""
        self.name = name
        self._tell, self._ended = tell, ended
        self._last = "it wrote nothing"
        reader, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environment,
                stdin=reader,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="backslashreplace",
                # So that Ctrl-C in a terminal is for this process, which ends the others in order.
                process_group=0,
            )
            _tie(self._process.pid, reader)
        finally:
            os.close(reader)
        self._reader = Thread(target=self._read, name=f"log of {name}")
        self._reader.start()

    @property
    def outcome(self) -> str:
        """How it ended and the last line that it wrote, in words; once it has ended."""
        status = self._process.returncode
        how = f"exit status {status}" if status >= 0 else f"{signal.strsignal(-status)}"
        return f"{how} ({self._last})"

    def end(self) -> None:
        """End it, if it still runs; kill it where it does not end in time."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._tell(f"it does not end within {PATIENCE:g} s, so it is killed")
            self._process.kill()
        self._reader.join()
        os.close(self._lifeline)

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._last = line.rstrip("\n")
                self._tell(self._last)
        self._process.wait()
        self._ended(self)


def _tie(pid: int, reader: int) -> None:
    """Have the kernel end a process when the other end of its standard input is gone.

    That is this process's end, be it by SIGKILL, of which nobody can be told. See fcntl(2).
    """
    fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
    fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGTERM)
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
