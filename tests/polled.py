"""A test case with endpoints to poll, and a directory for what a client makes."""

import tempfile
from pathlib import Path

from tests.demo.endpoints import Endpoints
from tests.support import TestCase


class PolledTestCase(TestCase):
    """A test with endpoints that play nothing yet."""

    def setUp(self) -> None:
        """Start them, and make the directory."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.socket = self.folder / "snapshot.sock"
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
