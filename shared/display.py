"""The command `status`: asks a running program for its figures, and shows them."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared import inquiry, metrics, output, terminal
from shared.inquiry import InquiryError, NotRunningError
from shared.output import tell
from shared.program import FLAGS, Program
from shared.settings import SettingError, Usage
from shared.text import shown, well_formed
from shared.values import read
from shared.view import Status, View

FAILED = 1
"""The exit status of the command where there is no answer."""
WATCH_INTERVAL = 1.0  # seconds between two looks


def run(program: Program, view: View, arguments: Sequence[str]) -> None:
    """Show the figures; exit status 1 where the program gives none. Raises SettingError."""
    values = read(
        Usage(
            f"python -m {program.name} status",
            f"Asks the running {program.name} for its figures, and shows them.",
        ),
        program.settings,
        arguments,
        os.environ,
        flags=FLAGS["status"],
    )
    if values["json"] and values["prometheus"]:
        raise SettingError("--json --prometheus: want one of them")
    if values["json"] or values["prometheus"]:
        output.use_utf_8()
    show = _form(view, values)
    address = program.address(values)
    try:
        if values["watch"]:
            _watch(program, view, address, show)
        else:
            tell(show(_ask(address)))
    except InquiryError as error:
        output.complain(_failure(program, view, error))
        raise SystemExit(FAILED) from None


def _ask(address: str) -> Status:
    try:
        status: Status = json.loads(inquiry.ask(address, inquiry.STATUS))
    except ValueError:
        raise InquiryError("what answers there is no gateway") from None
    return status


def _form(view: View, values: Mapping[str, Any]) -> Callable[[Status], str]:
    """Return how a status is shown; raises InquiryError where it is of another version."""
    form = _form_of_this_version(view, values)

    def show(status: Status) -> str:
        try:
            return form(status)
        except (LookupError, TypeError):
            raise InquiryError("it is of another version than this command: restart it") from None

    return show


def _form_of_this_version(view: View, values: Mapping[str, Any]) -> Callable[[Status], str]:
    if values["json"]:
        return lambda status: json.dumps(status, ensure_ascii=False) + "\n"
    if values["prometheus"]:
        host = {"host": well_formed(socket.gethostname())}
        return lambda status: metrics.exposition(
            view.metrics(status), {**host, **view.labels(status)}
        )
    paint = terminal.paint_for(sys.stdout, os.environ)
    return lambda status: "".join(f"{line}\n" for line in view.text(status, paint, time.time()))


def _failure(program: Program, view: View, error: InquiryError) -> str:
    """Tell why there is no answer; where nobody listens, what would be right, and who answers."""
    failure = f"{program.name}: no status: {error}"
    if not isinstance(error, NotRunningError):
        return failure
    names = " and ".join(setting.argument for setting in program.settings)
    others = "; ".join(_others(program, view)) or "none"
    return f"{failure}; want {names} as it has them; running here: {others}"


def _others(program: Program, view: View) -> Iterator[str]:
    """Tell where those are that do answer."""
    for place in inquiry.places(program.name):
        # An abstract name is anybody's to take, and so is what is answered there.
        with suppress(InquiryError, LookupError, TypeError):
            found = view.labels(_ask(inquiry.address(program.name, place)))
            yield shown(", ".join(map(str, found.values())), 200)


def _watch(program: Program, view: View, address: str, show: Callable[[Status], str]) -> None:
    """Show the figures each second, as long as somebody reads them, through restarts too."""
    clear = terminal.CLEAR if sys.stdout.isatty() else ""
    while True:
        try:
            text = show(_ask(address))
        except InquiryError as error:
            text = f"{_failure(program, view, error)}\n"
        if not tell(clear + text):
            return
        time.sleep(WATCH_INTERVAL)
