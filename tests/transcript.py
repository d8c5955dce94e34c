"""Transcripts: the commands of a page, and what it says that they print. Pure.

In a block marked `console` a line that begins with `$ ` is a command, and those behind it are its
output; where there are none, nothing is said of it. In a block marked `sh` all are commands.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

ANY = "…"
"""Alone on a line it stands for any lines, in a line for any text."""

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # of a terminal, ECMA-48, 5.4


@dataclass(frozen=True)
class Command:
    """A command of a page."""

    page: str
    line: int
    """Of the page, counted from 1: where it stands, or in `sh` where its block begins."""
    text: str
    output: tuple[str, ...]
    """The lines that it is said to print; none where nothing is said."""


def commands(page: str, text: str) -> Iterator[Command]:
    """Tell the commands of a page of Markdown; `page` is its name."""
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start()) + 2
        if block[1] == "console":
            yield from _session(page, first, block[2].splitlines())
        elif block[1] == "sh":
            yield Command(page, first, block[2].rstrip("\n"), ())


def _session(page: str, first: int, lines: Sequence[str]) -> Iterator[Command]:
    starts = [n for n, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Command(page, first + start, lines[start][2:], tuple(lines[start + 1 : end]))


# What changes from run to run, and what stands for it. The order matters.
_MASKS = (
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "<date>"),
    (re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r'"[0-9a-f]{32}"'), "<tag>"),
    (re.compile(r'"[^"]+"(?=[,\]])'), "<item>"),
    (re.compile(r"\b\d+(\.\d+)? (d|h|min|s)\b( \d+ (h|min|s)\b)?"), "<duration>"),
    (re.compile(r"(?<![\w./:-])\d[\d,]*(\.\d+)?(?![\w./:-])"), "<number>"),
    (re.compile(r"  +"), "  "),  # between columns, which are as wide as what is in them
)


def masked(line: str) -> str:
    """Put words in place of what changes from run to run: times, ages, counts, tags, items."""
    if line.startswith("HTTP/"):  # a status is no count
        return line
    for pattern, word in _MASKS:
        line = pattern.sub(word, line)
    return line


def printed(output: str) -> list[str]:
    """Tell the lines of an output as a person sees them."""
    return [line.rstrip() for line in _CONTROL.sub("", output).replace("\r", "").splitlines()]


def agrees(told: Iterable[str], output: str) -> bool:
    """Tell whether an output is what a page tells of it."""
    return re.fullmatch(_pattern(told), _text(printed(output)), re.DOTALL) is not None


def begins(told: Iterable[str], output: str) -> bool:
    """Tell whether an output has come so far that it is what a page tells, be there more of it."""
    return re.match(_pattern(told), _text(printed(output)), re.DOTALL) is not None


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{masked(line)}\n" for line in lines)


def _pattern(told: Iterable[str]) -> str:
    pattern = ""
    for is_any, lines in groupby(told, lambda line: line == ANY):
        if is_any:
            pattern += r"(?:[^\n]*\n)*?"
            continue
        for line in lines:
            parts = map(re.escape, masked(line).split(ANY))
            pattern += r"[^\n]*?".join(parts) + r"\n"
    return pattern
