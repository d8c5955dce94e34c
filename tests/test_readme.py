"""The README: what it says of the settings is what the programs do."""

import re

from client import configuration as client
from server import configuration as server
from shared.life import COMMON_SETTINGS
from shared.settings import Setting
from tests.processes import ROOT
from tests.support import TestCase

SETTINGS = (*client.SETTINGS, *server.SETTINGS, *COMMON_SETTINGS)


def row(setting: Setting) -> tuple[str, str]:
    """Tell what the settings' table says of a setting in front of its default."""
    return f"{setting.argument} {setting.metavar}", setting.variable


class Readme(TestCase):
    def setUp(self) -> None:
        self.text = (ROOT / "README.md").read_text()

    def test_the_table_of_settings_has_each_with_its_default(self) -> None:
        found = re.findall(
            r"^\|[^|]*\| `(--[^`]+)` \| `([A-Z_]+)` \| ([^|]+) \|", self.text, re.MULTILINE
        )
        self.assertEqual(
            [(argument, variable) for argument, variable, _ in found],
            [row(setting) for setting in SETTINGS],
        )
        for (_, _, told), setting in zip(found, SETTINGS, strict=True):
            meant = setting.default or setting.default_help or "required"
            self.assertEqual(told.replace("`", ""), meant.replace("endpoint's ", ""))

    def test_the_layout_names_each_module(self) -> None:
        for package in ("client", "server", "shared"):
            line = re.search(rf"^\| `{package}/` \|.*$", self.text, re.MULTILINE)
            assert line, package
            modules = {path.stem for path in (ROOT / package).glob("[!_]*.py")}
            named = set(re.findall(r"`([a-z_]+)`", line[0]))
            with self.subTest(package):
                self.assertEqual(named, modules)
