"""Test cases with real servers, as processes of their own."""

import os
import resource
import tempfile
from collections.abc import Mapping
from pathlib import Path

from shared.snapshot import Snapshot
from tests.feeding import Feeder
from tests.processes import Program
from tests.serving import LAST_GET, Peer
from tests.support import TestCase


class ServerTestCase(TestCase):
    """A test with a directory for the socket."""

    def setUp(self) -> None:
        """Make it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = Path(folder.name) / "snapshot.sock"

    def server(self, *arguments: str, **environment: str) -> Program:
        """Start a server on this test's socket, at a free port unless told otherwise."""
        common = ("--host", "127.0.0.1", "--port", "0", "--socket", str(self.socket))
        return self.enterContext(Program("server", *common, *arguments, environment=environment))

    def connect(self, server: Program) -> Peer:
        """Connect to a server once it listens."""
        return Peer(self, server.port())


class FedTestCase(ServerTestCase):
    """A test with real servers that have data, and with the descriptors that it needs."""

    def feed(self, data: Snapshot) -> None:
        """Have the data for servers that are started from now on."""
        self.enterContext(Feeder(self.socket, data))

    def fed_server(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start a server, and wait until it has the data."""
        server = self.server(*arguments, **environment or {})
        server.wait_for("snapshot received")
        return server

    def need_descriptors(self, most: int) -> None:
        """Have so many for the time of the test, or skip it; the server needs them too."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < most:
            self.skipTest(f"it needs {most} descriptors; this machine's hard limit is {hard}")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))

    def few_descriptors(self, most: int) -> dict[str, str]:
        """Tell the environment in which Python lowers its own hard limit before all else."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        (Path(folder) / "sitecustomize.py").write_text(
            f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))\n"
        )
        paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(paths)}

    def ask_once(self, port: int, request: bytes = LAST_GET) -> int:
        """Ask on a connection of its own; tell the status."""
        peer = Peer(self, port)
        status = peer.ask(request).status
        peer.close()
        return status

    def clients(self, server: Program, number: int) -> list[Peer]:
        """Have so many clients take a slot each."""
        peers = [self.connect(server) for _ in range(number)]
        for peer in peers:
            self.assertEqual(peer.ask().status, 200)
        return peers
