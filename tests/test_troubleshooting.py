"""The page on troubleshooting: what it says is seen is what the programs say."""

import re

from tests.processes import ROOT
from tests.support import TestCase

# What others say: Docker, the system, a shell; and what callers see by its name.
OTHERS = {"No such file or directory", "docker-compose ps", "unhealthy", "sh", "Age", ".env"}
OTHERS |= {"Connection refused", "No route to host", "localhost"}
OTHERS |= {"Exit 137", "exec server", "docker kill", "SERVER_PORTS", "SERVERS"}


class Troubleshooting(TestCase):
    def test_each_message_is_one_of_the_programs(self) -> None:
        page = (ROOT / "docs" / "troubleshooting.md").read_text()
        sources = "".join(
            path.read_text()
            for package in ("client", "server", "shared")
            for path in (ROOT / package).glob("*.py")
        )
        rows = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
        messages = {message for row in rows for message in re.findall(r"`([^`]+)`", row)}
        self.assertGreater(len(messages), 20)
        for message in messages - OTHERS:
            with self.subTest(message):
                self.assertTrue(message in sources, "no program says so")
