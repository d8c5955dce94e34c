"""The real programs as processes, for those who start, signal and read them."""

import os
import re
import signal
import subprocess
import sys
import threading
import unittest
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.settings import BAD_SETTING
from tests.support import DEADLINE, wait_until

ROOT = Path(__file__).parent.parent


class Program:
    """`python -m client` or `python -m server`, started; its log is collected as it comes.

    At the end of its context, in a test `self.enterContext(Program(...))`, it is killed if it still
    runs then.
    """

    def __init__(
        self, name: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it."""
        self._name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", name, *arguments],
            cwd=ROOT,
            env=clean_environment() | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Tell the process's id."""
        return self._process.pid

    def open_files(self) -> int:
        """Tell how many descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident(self) -> int:
        """Tell how much memory it has resident, in kB."""
        return self._memory("VmRSS")

    def peak(self) -> int:
        """Tell how much memory it has had resident at the most, in kB."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        """Tell one of the figures of proc(5), status."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0])

    def cpu_seconds(self) -> float:
        """Tell the processor time that it has taken; proc(5), fields 14 and 15."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        assert self._process.stderr
        self.lines.extend(line.rstrip("\n") for line in iter(self._process.stderr.readline, ""))

    def logged(self, *texts: str) -> list[str]:
        """Tell the lines so far that hold all the texts."""
        return [line for line in self.lines[:] if all(text in line for text in texts)]

    def wait_for(self, *texts: str) -> str:
        """Wait for a line that holds all the texts, and tell it."""
        wait_until(lambda: self.logged(*texts) or self._process.poll() is not None, f"{texts}")
        if not self.logged(*texts):
            raise AssertionError(f"ended without {texts}: {self.lines}")
        return self.logged(*texts)[0]

    def port(self) -> int:
        """Tell the port of a server, once it listens there."""
        found = re.search(r" port=(\d+) ", self.wait_for("server started"))
        assert found
        return int(found[1])

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def is_running(self) -> bool:
        """Return whether it has not ended yet."""
        return self._process.poll() is None

    def end(self, deadline: float = DEADLINE) -> int:
        """Wait for the end, and tell the exit status; all of the log is there then."""
        status = self._process.wait(deadline)
        self._reader.join()
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it by a signal; the promise is three seconds, the deadline five times that."""
        self.send(number)
        return self.end(15)

    def refusal(self) -> str:
        """Wait for its end, which is for a bad setting, and tell the one line that says so."""
        status, name = self.end(), f"{self._name}: "
        if status != BAD_SETTING or len(self.lines) != 1 or not self.lines[0].startswith(name):
            raise AssertionError(f"ended with {status}, saying {self.lines}")
        return self.lines[0].removeprefix(name)

    def output(self) -> str:
        """Tell what it printed on standard output, after its end."""
        assert self._process.stdout
        return self._process.stdout.read()

    def kill(self) -> None:
        """Kill it, unless it has ended. Safe to call again."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()


@dataclass(frozen=True)
class Ended:
    """A program that has ended by itself."""

    status: int
    output: str
    errors: str


def command(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
    """Run `python -m PROGRAM ARGUMENT…` to its end."""
    ended = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=ROOT,
        env=clean_environment() | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def as_root(test: unittest.TestCase, script: str) -> str:
    """Run a script that becomes other users, and tell its output; skips the test without root."""
    if os.geteuid() != 0:
        test.skipTest("only root can become another user")
    # Without the handlers of an exit: what measures coverage could not write as another user.
    script += "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE,
        check=False,
    )
    test.assertEqual((ended.returncode, ended.stderr), (0, ""))
    return ended.stdout


def clean_environment() -> dict[str, str]:
    """Tell this process's environment without what would configure the programs."""
    ours = {"ENDPOINTS", "FETCH_TIMEOUT", "MAX_BODY", "STATE_FILE", "CLIENT_LIMIT", "HOST", "PORT"}
    ours |= {"IDLE_TIMEOUT", "SNAPSHOT_SOCKET", "LOG_LEVEL", "LOG_FORMAT"}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.lower().endswith("_proxy")
    }
