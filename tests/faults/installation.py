"""The whole as processes that are killed, and started again as an engine would."""

import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from tests.containers import free_ports
from tests.faults.callers import Server
from tests.faults.endpoints import Record, version
from tests.faults.model import Versions
from tests.processes import Program

PERIODS = (0.05, 0.1, 0.2)  # seconds between two polls of each endpoint
LASTING = (0.08, 0.13, 0.55)  # seconds that a version of each lasts
TIMEOUT = 0.5  # seconds for a poll; some endpoints drip


class Installation:
    """A client, servers, and unless URLs of others are given endpoints; as long as the context."""

    def __init__(
        self,
        servers: int = 2,
        periods: tuple[float, ...] = PERIODS,
        urls: tuple[str, ...] | None = None,
    ) -> None:
        """Lay it out, to poll every so many seconds; nothing runs yet."""
        self._running: dict[str, Program] = {}
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        endpoints_port, *ports = free_ports(1 + servers)
        self.periods = periods
        self.urls = urls or tuple(
            f"http://127.0.0.1:{endpoints_port}/{number}" for number in range(len(periods))
        )
        self.servers = {f"server-{n}": Server(f"server-{n}", p) for n, p in enumerate(ports)}
        self.record = Record(self.folder / "record", len(periods))
        self._commands: dict[str, list[str]] = {}
        if urls is None:
            lasting = [f"{seconds:g}" for seconds in LASTING]
            arguments = [str(endpoints_port), str(self.folder), *lasting]
            self._commands["endpoints"] = ["tests.faults.endpoints", *arguments]
        self._commands |= self._gateway()

    def _gateway(self) -> dict[str, list[str]]:
        to_socket = f"--socket={self.folder / 'snapshot.sock'}"
        polled = [f"--endpoint={p:g}={url}" for p, url in zip(self.periods, self.urls, strict=True)]
        commands = {"client": ["client", to_socket, f"--timeout={TIMEOUT:g}", *polled]}
        for name, server in self.servers.items():
            address = ["--host=127.0.0.1", f"--port={server.port}"]
            commands[name] = ["server", to_socket, *address, "--limit=1000"]
        return commands

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(*self._running)
        self._stack.close()

    @property
    def names(self) -> list[str]:
        """The programs, in the order in which the data flows."""
        return list(self._commands)

    def program(self, name: str) -> Program:
        """Tell a program that runs."""
        return self._running[name]

    def start(self, *names: str) -> None:
        """Start programs; do not wait for them."""
        for name in names:
            self._running[name] = Program(*self._commands[name])
            if server := self.servers.get(name):
                server.begin()

    def kill(self, *names: str) -> None:
        """End programs by SIGKILL."""
        for name in names:
            if server := self.servers.get(name):
                server.end()
            self._running.pop(name).kill()

    def fail(self, numbers: Iterable[int], fault: str) -> None:
        """Have just these endpoints fail from now on, see `tests.faults.endpoints`."""
        aside = self.folder / "faults.new"
        aside.write_text("".join(f"{number} {fault}\n" for number in numbers))
        aside.replace(self.folder / "faults")

    def versions(self) -> Versions:
        """Tell the version that each endpoint has now."""
        now = time.monotonic()
        return tuple(version(now, seconds) for seconds in LASTING)
