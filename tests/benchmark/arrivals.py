"""Arrivals: two snapshots that come in turn, one a second, from a process of its own.

The process renders them before it says that it is ready: only their way is measured.
"""

import itertools
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.benchmark import data
from tests.feeding import Feeder
from tests.processes import ROOT
from tests.samples import snapshot

EVERY = 1.0  # seconds from one to the next
READY = "ready\n"


class Arrivals:
    """The process, as the one who orders them; killed at the end of the context."""

    def __init__(self, path: Path, strings: int) -> None:
        """Have the servers at a socket fed with snapshots of so many strings; the first is there.

        Raises RuntimeError.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmark.arrivals", str(path), str(strings)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Arrivals":
        assert self._process.stdout
        if self._process.stdout.readline() != READY:
            self.__exit__()
            raise RuntimeError("the feeder has died; it has told why on standard error")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, count: int) -> None:
        """Have so many come, one a second, the first at once."""
        assert self._process.stdin
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()


def feed(path: Path, strings: int) -> None:
    """Publish as many as each line of standard input says, until there is none."""
    editions = [snapshot("".join(data.strings(strings, number))) for number in (0, 1)]
    with Feeder(path, editions[0]) as feeder:
        sys.stdout.write(READY)
        sys.stdout.flush()
        turns = itertools.cycle([editions[1], editions[0]])
        for line in sys.stdin:
            for edition in itertools.islice(turns, int(line)):
                feeder.publish(edition)
                time.sleep(EVERY)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        feed(Path(sys.argv[1]), int(sys.argv[2]))
