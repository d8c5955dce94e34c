"""The pages: all their commands, and which of them are run by others than the tests of pages."""

from collections.abc import Iterator
from pathlib import Path

from tests.processes import ROOT
from tests.transcript import Command, commands

ELSEWHERE = {
    "python3 -m unittest": "all of them are",
    "python3 -m tests.demo gateway": "tests.test_demo: it runs until Ctrl-C",
    "python3 -m tests.benchmark": "tests.test_benchmark, in parts: it takes minutes",
    "python3 -m tests.load": "tests.test_load, in parts: it takes minutes",
    "python3 -m tests.faults": "tests.test_faults, in parts: it takes a quarter of an hour",
    "(\n    set -e # what goes wrong ends it": "tests.test_container_healing, under load",
}
"""Who runs a command that begins so, and why it is not run as it stands."""


def pages() -> list[Path]:
    """Tell all pages, the README first."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def all_commands() -> Iterator[Command]:
    """Tell all commands of all pages."""
    for page in pages():
        yield from commands(str(page.relative_to(ROOT)), page.read_text())


def elsewhere(command: Command) -> str | None:
    """Tell which entry of ELSEWHERE a command is, if it is one."""
    return next((known for known in ELSEWHERE if command.text.startswith(known)), None)


def needs_docker(command: Command) -> bool:
    """Tell whether a command is for an installation in containers."""
    return "docker" in command.text or "curl" in command.text
