"""A program's command line: what it does when no command is named, and its commands.

A health check goes through here every few seconds, so nothing is imported before it is needed.
"""

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import NamedTuple

from shared import inquiry, output, settings
from shared.settings import Flag, Setting, SettingError
from shared.values import Values

FLAGS = {
    "status": (
        Flag("json", "--json", "show them as a JSON object on one line"),
        Flag("prometheus", "--prometheus", "show them as metrics in the text format of Prometheus"),
        Flag("watch", "--watch", "show them each second, until Ctrl-C"),
    ),
    "health": (
        Flag(
            "live",
            "--live",
            "ask only whether its loop turns: for an engine that kills what is unhealthy",
        ),
    ),
}
"""The flags of each command."""

Command = Callable[[Sequence[str]], None]
"""It takes the arguments behind its name, and raises SettingError where one is bad."""


class Program(NamedTuple):
    """What is to be known of a program to ask a running one."""

    name: str
    settings: tuple[Setting, ...]
    """Those by which a running one is found; as it was given them, so must the command be."""
    place: Callable[[Values], str]
    """Tells by their values where it is, see `shared.inquiry`. Raises SettingError."""

    def address(self, values: Values) -> str:
        """Tell where the running one listens for inquiries. Raises SettingError."""
        return inquiry.address(self.name, self.place(values))


def run(name: str, serve: Command, commands: Mapping[str, Command]) -> None:
    """Do what the command line says; `serve` is what the program does without a command.

    A bad setting ends it with exit status 2 and one line on standard error.
    """
    output.prepare()
    command = commands.get(sys.argv[1]) if sys.argv[1:] else None
    on_signals(give_up if command else _end_early)
    try:
        require_linux()
        if command:
            command(sys.argv[2:])
        else:
            serve(sys.argv[1:])
    except SettingError as error:
        settings.exit_with(name, error)


def on_signals(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Handle SIGTERM and SIGINT. Without a handler, process 1 of a container ignores them."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def ignore_signals() -> None:
    """Ignore SIGTERM and SIGINT from now on: the program ends already, and one end is enough.

    They stay ignored to the very last: the interpreter's exit puts every other handler back to the
    default, by which a second signal would kill the process.
    """
    sys.unraisablehook = _report_unraisable
    on_signals(signal.SIG_IGN)


def _report_unraisable(error: "sys.UnraisableHookArgs") -> None:
    """Report an error as the interpreter does, but for a signal that came just before that."""
    if "ignored due to race condition" not in str(error.exc_value):
        sys.__unraisablehook__(error)


def _end_early(number: int, _: FrameType | None) -> None:
    """End a program that was to serve, and has not begun yet."""
    ignore_signals()
    raise SystemExit(0 if number == signal.SIGTERM else 128 + number)


def give_up(number: int, _: FrameType | None) -> None:
    """End a command that has no result yet, with 128 and the signal's number, as shells do."""
    raise SystemExit(128 + number)


def require_linux() -> None:
    """Raise SettingError on another system, which lacks what the programs are built on."""
    if not sys.platform.startswith("linux"):
        raise SettingError(f"it needs Linux, or containers; this system is {sys.platform}")
