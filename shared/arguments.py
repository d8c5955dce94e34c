"""The arguments: from the words of a command line to the texts of settings, by `argparse`."""

import argparse
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from shared.settings import Flag, Setting, SettingError, Usage
from shared.suggestion import meant

WIDTH, INDENTATION = 80, 26  # columns of a screen, and those left of the settings' meanings

EPILOG = "In brackets: the default, and the variable, which an argument wins over."


class _Parser(argparse.ArgumentParser):
    """An argument parser whose error is one line."""

    def error(self, message: str) -> NoReturn:
        # What follows may be a URL with a password.
        told = re.sub(r"(ignored explicit argument).*", r"\1", message, flags=re.DOTALL)
        raise SettingError(f"{told} (see {self.prog} --help)")


def read(
    usage: Usage, settings: Sequence[Setting], flags: Sequence[Flag], words: Sequence[str]
) -> Mapping[str, Any]:
    """Read the words; what was given for each name, a list where it can be repeated, or None.

    Raises SettingError. `--help` and `--version` print and exit.
    """
    parser = _parser(usage)
    for setting in settings:
        parser.add_argument(
            setting.argument,
            dest=setting.name,
            metavar=setting.metavar,
            help=setting.described().replace("%", "%%"),
            action="append" if setting.many else "store",
        )
    for flag in flags:
        parser.add_argument(flag.argument, dest=flag.name, help=flag.help, action="store_true")
    known, strange = parser.parse_known_args(_bound(words, settings))
    if strange:
        names = [*(s.argument for s in settings), *(f.argument for f in flags), *usage.commands]
        # With an @ in one of them, they may be a URL that a shell has cut within its password.
        is_secret = any("@" in each for each in strange)
        first, *others = (_name(each, is_secret) for each in strange)
        if first in usage.commands:
            parser.error(f"{first}: want it as the first word")
        for command, own in usage.commands.items():
            if first in (flag.argument for flag in own):
                parser.error(f"{first}: want {command} as the first word, whose it is")
        parser.error(f"unrecognized arguments: {', '.join([first, *others])}{meant(first, names)}")
    return vars(known)


def _parser(usage: Usage) -> _Parser:
    """Make the parser, whose help fits a screen, however wide the terminal is."""
    commands = [f"[{' | '.join(usage.commands)}]"] if usage.commands else []
    parser = _Parser(
        prog=usage.program,
        usage=" ".join(["%(prog)s", *commands, "[OPTION]..."]),
        description=usage.description,
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=functools.partial(
            argparse.HelpFormatter, max_help_position=INDENTATION, width=WIDTH
        ),
    )
    if usage.version:
        parser.add_argument(
            "--version", action="version", version=usage.version, help="tell the version, and exit"
        )
    return parser


def _name(argument: str, is_secret: bool) -> str:
    """Return an unknown argument without its value, which may be a URL with a password."""
    if argument.startswith("-"):
        return re.split("[=:/@]", argument, maxsplit=1)[0]
    return argument if re.fullmatch(r"[\w.-]*", argument) and not is_secret else "a value"


def _bound(words: Sequence[str], settings: Sequence[Setting]) -> list[str]:
    """Tie a value that begins with a minus to its argument, for argparse takes it for an option."""
    names = {setting.argument for setting in settings}
    bound: list[str] = []
    for text in words:
        if bound and bound[-1] in names and text.startswith("-") and not text.startswith("--"):
            bound[-1] += f"={text}"
        else:
            bound.append(text)
    return bound
