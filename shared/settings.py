"""Settings: declared once each, read from the arguments, then the environment, then the default.

A declaration feeds the command line, the environment and `--help`, so they cannot disagree.
"""

import argparse
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from shared.text import shown

BAD_SETTING = 2
"""The exit status of a program that was configured wrongly."""


class SettingError(Exception):
    """A setting has a value that cannot be used; the text is the one line for the user."""


@dataclass(frozen=True)
class Setting:
    """One setting of a program."""

    name: str
    """The name of the attribute that holds the value."""
    argument: str
    variable: str
    metavar: str
    help: str
    """What it means, with its unit; `--help` adds the default and the variable's name."""
    parse: Callable[[str], Any]
    """Text to value; raises ValueError, whose text says what would be right."""
    default: str | None = None
    """The default as the user would write it; None for none."""
    default_help: str | None = None
    """The default in words, where it is not a plain value."""
    many: bool = False
    """Repeated on the command line, separated by white space in the variable; a tuple."""
    redact: Callable[[str], str] = str
    """Takes the secrets out of a value before an error message shows it."""

    def described(self) -> str:
        """Tell what `--help` says."""
        default = self.default_help or self.default or "none, required"
        return f"{self.help} [default: {default}; variable: {self.variable}]"


class _Parser(argparse.ArgumentParser):
    """An argument parser whose error is one line."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message} (see {self.prog} --help)")


def read(
    program: str,
    description: str,
    settings: Sequence[Setting],
    arguments: Sequence[str],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """Read all settings; a value for each name.

    An empty variable counts as one that is not set. Raises SettingError. `--help` prints and exits.
    """
    parser = _Parser(prog=program, description=description, allow_abbrev=False)
    for setting in settings:
        parser.add_argument(
            setting.argument,
            dest=setting.name,
            metavar=setting.metavar,
            help=setting.described().replace("%", "%%"),
            action="append" if setting.many else "store",
        )
    known, strange = parser.parse_known_args(_bound(arguments, settings))
    if strange:
        parser.error(f"unrecognized arguments: {', '.join(map(_name, strange))}")
    given = vars(known)
    return {s.name: _value(s, given[s.name], environment.get(s.variable, "")) for s in settings}


def _name(argument: str) -> str:
    """Tell an unknown argument without its value, which may be a URL with a password."""
    if argument.startswith("-"):
        return argument.partition("=")[0]
    return argument if re.fullmatch(r"[\w.-]*", argument) else "a value"


def _bound(arguments: Sequence[str], settings: Sequence[Setting]) -> list[str]:
    """Tie a value that begins with a minus to its argument, for argparse takes it for an option."""
    names = {setting.argument for setting in settings}
    bound: list[str] = []
    for text in arguments:
        if bound and bound[-1] in names and text.startswith("-") and not text.startswith("--"):
            bound[-1] += f"={text}"
        else:
            bound.append(text)
    return bound


def _value(setting: Setting, given: str | list[str] | None, variable: str) -> Any:
    if given is not None:
        texts, source = [given] if isinstance(given, str) else given, f"{setting.argument} "
    elif variable.strip():
        texts = variable.split() if setting.many else [variable.strip()]
        source = f"{setting.variable}="
    elif setting.default is not None:
        texts, source = [setting.default], f"the default of {setting.argument}, "
    elif setting.default_help is not None:
        return None
    else:
        raise SettingError(
            f"{setting.argument} is required, or {setting.variable} in the environment: "
            f"{setting.metavar}, {setting.help}"
        )
    values = tuple(_parsed(setting, text, source) for text in texts)
    return values if setting.many else values[0]


def _parsed(setting: Setting, text: str, source: str) -> Any:
    try:
        return setting.parse(text)
    except ValueError as error:
        raise SettingError(f"{source}{shown(setting.redact(text), 200)}: {error}") from None


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
    """Make a parser that takes one of the words."""

    def parse(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f"want one of {', '.join(words)}")

    return parse


def exit_with(program: str, error: Exception) -> NoReturn:
    """End the program with the exit status of a bad setting and one line."""
    line = shown(f"{program}: {error}", 1000)
    print(line, file=sys.stderr)  # noqa: T201 - the answer to the user's command
    raise SystemExit(BAD_SETTING)
