"""Settings: declared once each, with the parsers of their values.

A declaration feeds the command line, the environment and `--help`, so they cannot disagree.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from shared.output import complain
from shared.suggestion import meant
from shared.text import shown

BAD_SETTING = 2
"""The exit status of a program that was configured wrongly."""


class SettingError(Exception):
    """A setting has a value that cannot be used; the text is the one line for the user."""


class Setting(NamedTuple):
    """One setting of a program.

    No dataclass: to import those costs a health check, which reads settings, half as much again.
    """

    name: str
    """The name of the attribute that holds the value."""
    argument: str
    variable: str
    metavar: str
    help: str
    """What it means, with its unit; `--help` adds the default and the variable's name in brackets.
    """
    parse: Callable[[str], Any]
    """Text to value; raises ValueError, whose text says what would be right."""
    default: str | None = None
    """The default as the user would write it; None for none."""
    default_help: str | None = None
    """The default in words, where it is not a plain value."""
    many: bool = False
    """Repeated on the command line, separated by white space in the variable; a tuple."""
    split: Callable[[str], list[str]] = str.split
    """Takes the variable apart, where there may be many."""
    redact: Callable[[str], str] = str
    """Takes the secrets out of a value before an error message shows it."""

    def described(self) -> str:
        """Tell what `--help` says."""
        return f"{self.help} [{self.default_help or self.default or 'required'}; {self.variable}]"


class Flag(NamedTuple):
    """A switch on the command line, off unless it is given."""

    name: str
    argument: str
    help: str


class Usage(NamedTuple):
    """What `--help` says around the settings."""

    program: str
    """As it is called."""
    description: str
    commands: Mapping[str, Sequence[Flag]] = MappingProxyType({})
    """Words that call for something else, if they come first, each with flags of its own."""
    version: str = ""
    """What `--version` prints; without one there is no such argument."""


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of whole numbers from `least` to `most`, in ASCII digits only."""

    def parse(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,18}", text) and least <= int(text) <= most:
            return int(text)
        raise ValueError(f"want a whole number from {least} to {most}")

    return parse


def seconds(least: float, most: float = math.inf) -> Callable[[str], float]:
    """Make a parser of decimal numbers of seconds from `least`, to `most` where given."""
    bounds = f"from {least:g} up" if math.isinf(most) else f"from {least:g} to {most:g}"

    def parse(text: str) -> float:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", text, re.ASCII):
            value = float(text)
            if least <= value <= most and math.isfinite(value):
                return value
        raise ValueError(f"want a number of seconds {bounds}, such as {max(least, 1):g}")

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """Make a parser that takes one of the words, which are in small letters, in any case."""

    def parse(text: str) -> str:
        if text.lower() in words:
            return text.lower()
        raise ValueError(f"want one of {', '.join(words)}{meant(text, words)}")

    return parse


def exit_with(program: str, error: Exception) -> NoReturn:
    """End the program with the exit status of a bad setting and one line."""
    complain(shown(f"{program}: {error}", 1000))
    raise SystemExit(BAD_SETTING)
