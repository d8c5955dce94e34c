"""The pages: what they name is there."""

import importlib
import re
from pathlib import Path
from xml.etree import ElementTree

from tests.pages import pages
from tests.processes import ROOT
from tests.support import TestCase

# Folders of ours in a path, and packages of ours in a dotted name.
PATH = re.compile(r"`((?:client|server|shared|tests|docs|deploy|\.ci)/[\w./-]*)`")
NAME = re.compile(r"`((?:client|server|shared|tests)\.\w+[\w.]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Tell what can be linked to in a page: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def resolves(name: str) -> bool:
    """Tell whether a dotted name is that of a module, or of something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def found(pattern: re.Pattern[str]) -> list[tuple[Path, str]]:
    """Tell what a pattern finds, and on which page."""
    return [(page, match) for page in pages() for match in set(pattern.findall(page.read_text()))]


class Pages(TestCase):
    def test_each_path_leads_somewhere(self) -> None:
        for page, path in found(PATH):
            with self.subTest(page.name, path=path):
                self.assertTrue((ROOT / path).exists())

    def test_each_dotted_name_is_that_of_something(self) -> None:
        for page, name in found(NAME):
            with self.subTest(page.name, name=name):
                self.assertTrue(resolves(name))

    def test_each_link_leads_somewhere(self) -> None:
        for page, link in found(LINK):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            with self.subTest(page.name, link=link):
                self.assertTrue(target.exists())
                self.assertTrue(not anchor or anchor in anchors(target))

    def test_each_page_is_linked_from_the_readme(self) -> None:
        readme, *others = pages()
        links = set(LINK.findall(readme.read_text()))
        self.assertEqual({f"docs/{page.name}" for page in others} - links, set())

    def test_the_pictures_can_be_drawn(self) -> None:
        for picture in (ROOT / "docs").glob("*.svg"):
            with self.subTest(picture.name):
                root = ElementTree.parse(picture).getroot()
                self.assertTrue(root.tag.endswith("}svg"))
                titles = root.findall("{http://www.w3.org/2000/svg}title")
                self.assertEqual(len(titles), 1, "who cannot see it wants a title")
