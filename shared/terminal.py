"""The terminal: columns that are aligned, and colour where there is a terminal that shows it."""

import enum
from collections.abc import Mapping, Sequence
from typing import TextIO

CLEAR = "\x1b[H\x1b[2J"
"""Takes the screen clean, ECMA-48: CUP and ED."""


class Mood(enum.Enum):
    """How a text is meant; the values are the parameters of SGR, ECMA-48, 8.3.117."""

    PLAIN = ""
    GOOD = "32"
    BAD = "31"
    HEADING = "1"


class Paint:
    """Colours texts, or leaves them as they are."""

    def __init__(self, is_coloured: bool) -> None:
        """Colour them if it is."""
        self._is_coloured = is_coloured

    def __call__(self, text: str, mood: Mood) -> str:
        """Colour a text."""
        if not self._is_coloured or mood is Mood.PLAIN:
            return text
        return f"\x1b[{mood.value}m{text}\x1b[0m"


def is_coloured(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether colours belong on a stream: on a terminal that has them, unless NO_COLOR is set.

    See https://no-color.org.
    """
    if environment.get("NO_COLOR") or environment.get("TERM", "dumb") == "dumb":
        return False
    return stream.isatty()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align rows in columns, two blanks apart; the last one has no padding."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
