"""Our server: the real one, fed by the real client, which polls an endpoint that is played."""

import platform
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmark.contestant import OURS, Offer, Started
from tests.benchmark.cores import SERVERS, pinned
from tests.benchmark.process import HOST
from tests.demo.behaviours import body
from tests.demo.endpoints import Endpoints
from tests.processes import Program

PERIOD = 86_400  # seconds; so the one poll is the first, before anything is measured


class Ours:
    """The server of this project, as a contestant. The client is not counted as a part of it."""

    name = OURS

    def version(self) -> str:
        """Tell which Python runs it."""
        return f"Python {platform.python_version()}"

    @contextmanager
    def serving(self, offer: Offer) -> Iterator[Started]:
        """Run it. Raises AssertionError, with what it logged, where it does not start."""
        with ExitStack() as running:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="gateway-")))
            endpoints = running.enter_context(Endpoints(HOST))
            endpoints.play("/", body(offer.body))
            path, source = folder / "snapshot.sock", f"{PERIOD}={endpoints.url('/')}"
            arguments = ["--socket", str(path), "--state", "none", "--endpoint", source]
            arguments += ["--max-body", str(len(offer.body))]
            client = running.enter_context(Program("client", *arguments))
            client.wait_for("outcome=ok")
            client.wait_for("snapshot pushed")
            server = running.enter_context(serving(path, offer.scenario.limit))
            yield Started(server.port(), server.pid)


@contextmanager
def serving(path: Path, limit: int) -> Iterator[Program]:
    """Run a server, on the servers' core, that has data from the client at the path."""
    arguments = ["--host", HOST, "--port", "0", "--socket", str(path), "--limit", str(limit)]
    with pinned(SERVERS):
        server = Program("server", *arguments)
    with server:
        server.wait_for("snapshot received")
        yield server
