"""wrk, the load: it asks as fast as it is answered, over so many connections."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.contestant import FailedError
from tests.benchmark.process import HOST

SCRIPT = Path(__file__).with_name("report.lua")
NEVER = "3600"  # seconds; it is ended before, since it knows whole seconds only
PATIENCE = 10.0  # seconds in which it must end when it is told to
MISSING = "there is no wrk, which makes the load; Debian has it: apt-get install wrk"


@dataclass(frozen=True)
class Load:
    """What it measured."""

    requests: int
    """That were answered, whatever the status."""
    seconds: float
    bytes: int
    p50: float
    """Of the latency, in µs."""
    p99: float
    slowest: float
    errors: dict[str, int]
    """By kind: connect, read, write and timeout, and status for answers of 400 and more."""
    statuses: dict[str, int]
    """Answers by status, where they were counted."""

    @property
    def rate(self) -> float:
        """Tell the answers a second."""
        return self.requests / self.seconds

    @property
    def throughput(self) -> float:
        """Tell the bytes a second."""
        return self.bytes / self.seconds


def is_there() -> bool:
    """Tell whether it is installed."""
    return shutil.which("wrk") is not None


def version() -> str:
    """Tell its version."""
    told = subprocess.run(["wrk", "-v"], stdout=subprocess.PIPE, text=True, check=False)
    return told.stdout.partition(" Copyright")[0]


class Wrk:
    """A run of it, on the core of who starts it; killed at the end of the context."""

    def __init__(
        self,
        port: int,
        connections: int,
        path: str = "/",
        fields: Sequence[str] = (),
        statuses: bool = False,
    ) -> None:
        """Start it. `fields` are header fields, `statuses` has it count the answers of each."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{NEVER}", "-s", str(SCRIPT)]
        for field in fields:
            command += ["-H", field]
        command += [f"http://{HOST}:{port}{path}", *(["--", "statuses"] if statuses else [])]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def __enter__(self) -> "Wrk":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def end(self) -> Load:
        """End it, and tell what it measured. Raises FailedError."""
        self._process.send_signal(signal.SIGINT)
        try:
            output, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise FailedError(f"wrk does not end within {PATIENCE:g} s") from None
        if self._process.returncode:
            raise FailedError(f"wrk ended with {self._process.returncode}: {output.strip()}")
        return read(output)

    def run(self, seconds: float) -> Load:
        """Let it run for so long, then do what `end` does."""
        time.sleep(seconds)
        return self.end()


def read(output: str) -> Load:
    """Read what the script has it print. Raises FailedError where it has not."""
    found = re.findall(r"^report (\S+) (\d+)$", output, re.MULTILINE)
    if not found:
        raise FailedError(f"wrk said: {output.strip()}")
    numbers = {name: int(number) for name, number in found}
    return Load(
        requests=numbers["requests"],
        seconds=numbers["microseconds"] / 1e6,
        bytes=numbers["bytes"],
        p50=numbers["p50"],
        p99=numbers["p99"],
        slowest=numbers["slowest"],
        errors=_counts(numbers, "error."),
        statuses=_counts(numbers, "status."),
    )


def _counts(numbers: dict[str, int], prefix: str) -> dict[str, int]:
    """Tell what was counted at all, by the name behind the prefix."""
    return {
        name.removeprefix(prefix): number
        for name, number in sorted(numbers.items())
        if name.startswith(prefix) and number
    }
