"""The server under load: the real program, with data, as a process of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shared.snapshot import Snapshot
from tests.feeding import Feeder
from tests.processes import Program
from tests.samples import snapshot


@contextmanager
def serving(
    limit: int, data: Snapshot | None = None, idle_timeout: float = 5.0
) -> Iterator[Program]:
    """Run a server that has data, for as long as the context lasts."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="gateway-")))
        path = folder / "snapshot.sock"
        running.enter_context(Feeder(path, data or snapshot()))
        arguments = ["--host", "127.0.0.1", "--port", "0", "--socket", str(path)]
        arguments += ["--limit", str(limit), "--idle-timeout", f"{idle_timeout:g}"]
        server = running.enter_context(Program("server", *arguments))
        server.wait_for("snapshot received")
        yield server
