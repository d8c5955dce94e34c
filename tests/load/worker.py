"""Workers: processes of their own for clients, since one could not put a server under load.

A worker takes its orders on standard input, a JSON array of a name and arguments each, and answers
each with its outcome on standard output.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from server.descriptors import raise_limit
from tests.load.churn import churn
from tests.load.crowd import Crowd
from tests.load.flood import flood
from tests.load.latency import measure
from tests.processes import ROOT


class Worker:
    """A worker, as the one who gives the orders sees it; ended with its context."""

    def __init__(self, port: int) -> None:
        """Start one whose clients are those of the server at a port of this machine."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.worker", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # At the end of its input it ends; in the midst of something, it is not waited for.
        if kind:
            self._process.terminate()
        self._process.communicate()

    def begin(self, order: str, *arguments: object) -> None:
        """Give an order, and do not wait."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([order, *arguments]) + "\n")
        self._process.stdin.flush()

    def result(self) -> Any:
        """Wait for the outcome of the order."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a worker has died; it has told why on standard error")
        return json.loads(line)

    def do(self, order: str, *arguments: object) -> Any:
        """Give an order, and wait for its outcome."""
        self.begin(order, *arguments)
        return self.result()


@contextmanager
def workers(count: int, port: int) -> Iterator[list[Worker]]:
    """Have so many workers for as long as the context lasts."""
    with ExitStack() as running:
        yield [running.enter_context(Worker(port)) for _ in range(count)]


def work(port: int) -> None:
    """Do what is ordered until the orders end."""
    raise_limit()
    crowd = Crowd(port)
    orders: dict[str, Callable[..., object]] = {
        "connect": crowd.connect,
        "ask at once": crowd.ask_at_once,
        "ask in turn": crowd.ask_in_turn,
        "leave": crowd.leave,
        "churn": partial(churn, port),
        "flood": partial(flood, port),
        "measure": lambda seconds: measure(crowd.clients, seconds),
    }
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        print(json.dumps(orders[order](*arguments)), flush=True)  # noqa: T201


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        work(int(sys.argv[1]))
