"""The terminal: columns that are aligned, and colour where there is a terminal that shows it."""

import enum
import shutil
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
    """Makes texts fit for where they are shown."""

    def __init__(self, is_coloured: bool, width: int | None = None) -> None:
        """Colour them if it is, and cut lines to so many characters."""
        self._is_coloured = is_coloured
        self._width = width

    def line(self, text: str, mood: Mood) -> str:
        """Colour a whole line, cut to where the screen ends."""
        if self._width and len(text) > self._width:
            text = f"{text[: self._width - 1]}…"
        return self(text, mood)

    def __call__(self, text: str, mood: Mood) -> str:
        """Colour a text."""
        if not self._is_coloured or mood is Mood.PLAIN:
            return text
        return f"\x1b[{mood.value}m{text}\x1b[0m"


def paint_for(stream: TextIO, environment: Mapping[str, str]) -> Paint:
    """Make the paint for a stream: only what is not a terminal gets whole lines."""
    width = shutil.get_terminal_size().columns if stream.isatty() else None
    return Paint(is_coloured(stream, environment), width)


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
