"""The version: whatever names it names the same."""

import re

from shared.version import VERSION
from tests.processes import ROOT
from tests.support import TestCase

NAMING = {
    "Dockerfile.client": r'image\.version="([^"]+)"',
    "Dockerfile.server": r'image\.version="([^"]+)"',
    "deploy/kubernetes.yaml": r"(?:quasi-cache-gateway-\w+:|/version: )\"?([\d.]+)",
    "deploy/swarm.yml": r"quasi-cache-gateway-\w+:([\d.]+)",
    "docs/changelog.md": r"\A(?:(?!^## ).*\n)*^## ([\d.]+)",
}


class Version(TestCase):
    def test_it_is_the_same_everywhere(self) -> None:
        for file, pattern in NAMING.items():
            found = re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)
            with self.subTest(file):
                self.assertEqual(set(found), {VERSION})
