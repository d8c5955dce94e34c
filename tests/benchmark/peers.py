"""Peers: uvicorn and granian, where an interpreter can import them, with an app of ours."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.contestant import AbsentError, Offer, Started
from tests.benchmark.process import HOST, Process, free_port

APP = "tests.benchmark.app:app"
BACKLOG = "4096"  # connections, so that none of a scenario's has to wait for its second try

_VERSIONS = """\
import importlib, importlib.metadata, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    print(name, importlib.metadata.version(name))
"""


@dataclass(frozen=True)
class Peer:
    """A server for ASGI apps, as a contestant."""

    name: str
    python: str
    """The interpreter that can import it."""
    modules: tuple[str, ...]
    """It, and what makes it fast."""
    options: tuple[str, ...]
    limit: str
    """The option that limits the clients."""
    counts_asker: bool = False
    """Whether a client is refused already when it makes the limit full."""

    def version(self) -> str:
        """Tell its version and its modules'. Raises AbsentError."""
        command = [self.python, "-c", _VERSIONS, *self.modules]
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError as error:
            raise AbsentError(f"{self.python} cannot be run: {error.strerror}") from None
        except subprocess.CalledProcessError as error:
            raise AbsentError(error.stderr.strip().rpartition("\n")[2]) from None
        return ", ".join(told.stdout.splitlines())

    @contextmanager
    def serving(self, offer: Offer) -> Iterator[Started]:
        """Run it. Raises FailedError."""
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-") as name:
            folder, port = Path(name), free_port()
            body = folder / "body"
            body.write_bytes(offer.body)
            limit = str(offer.scenario.limit + self.counts_asker)
            command = [self.python, "-m", self.name, APP, "--host", HOST, "--port", str(port)]
            command += [*self.options, "--backlog", BACKLOG, self.limit, limit]
            with Process(command, folder, {"BENCHMARK_BODY": str(body)}) as process:
                process.wait_for(port)
                yield Started(port, process.pid)


def uvicorn(python: str) -> Peer:
    """Make the contestant uvicorn, on uvloop and httptools."""
    options = ["--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--no-access-log"]
    options += ["--log-level", "warning", "--no-server-header", "--timeout-keep-alive", "3600"]
    modules = ("uvicorn", "uvloop", "httptools")
    return Peer("uvicorn", python, modules, tuple(options), "--limit-concurrency", True)


def granian(python: str) -> Peer:
    """Make the contestant granian."""
    options = ("--interface", "asginl", "--http", "1", "--no-ws", "--log-level", "warning")
    return Peer("granian", python, ("granian", "uvloop"), options, "--backpressure")
