"""The life of a program that serves: configured, run until a signal, ended in good order."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shared import logs, program, settings
from shared.path import SOCKET
from shared.settings import Flag, Setting, SettingError, Usage
from shared.values import Values, read
from shared.version import VERSION

COMMON_SETTINGS = (
    SOCKET,
    Setting(
        "log_level",
        "--log-level",
        "LOG_LEVEL",
        "LEVEL",
        ", ".join(logs.LEVELS),
        settings.one_of(*logs.LEVELS),
        "info",
    ),
    Setting(
        "log_format",
        "--log-format",
        "LOG_FORMAT",
        "FORMAT",
        " or ".join(logs.FORMATS),
        settings.one_of(*logs.FORMATS),
        "text",
    ),
)
"""The settings that both programs have."""

CHECK = Flag("check", "--check", "try all once; exit status 0 if it went well, or 1")
CHECK_FAILED = 1
"""The exit status of a check that did not go well."""
CRASHED = 1
"""The exit status of a program that an error of its own has ended."""

Main = Callable[[Values, asyncio.Event], Coroutine[Any, Any, None]]
Check = Callable[[Values], Coroutine[Any, Any, bool]]


def run(
    name: str,
    description: str,
    own_settings: tuple[Setting, ...],
    words: Sequence[str],
    main: Main,
    check: Check,
) -> None:
    """Run `main(values, stop)` until it ends; SIGTERM and SIGINT set the event `stop`.

    With `--check`, run `check(values)` instead, which tells whether all went well. Raises
    SettingError, which both may do too.
    """
    usage = Usage(f"python -m {name}", description, program.FLAGS, f"{name} {VERSION}")
    values = read(usage, own_settings + COMMON_SETTINGS, words, os.environ, (CHECK,))
    with logs.to_standard_error(name, values["log_level"], values["log_format"]):
        if values["check"]:
            program.on_signals(program.give_up)
            raise SystemExit(0 if asyncio.run(check(values)) else CHECK_FAILED)
        try:
            asyncio.run(_until_stopped(values, main))
        except SettingError:
            raise
        except Exception:  # into the log: there it is found, and writing it cannot block
            logging.getLogger(name).error("ended by an unforeseen error", exc_info=True)
            raise SystemExit(CRASHED) from None


async def _until_stopped(values: Values, main: Main) -> None:
    with _stop_event() as stop:
        await main(values, stop)


@contextmanager
def _stop_event() -> Iterator[asyncio.Event]:
    """Make an event that SIGTERM and SIGINT set. At the end of the context, they are ignored.

    The loop's own handlers would not do: it takes them away when it closes, and the default, which
    kills, is back before the program has ended.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    # By this socket a signal wakes up the loop; a handler alone runs when the loop wakes up next.
    receiving, sending = socket.socketpair()
    sending.setblocking(False)

    def received() -> None:
        loop.remove_reader(receiving)
        stop.set()

    loop.add_reader(receiving, received)
    signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    program.on_signals(lambda *_: None)
    try:
        yield stop
    finally:
        program.ignore_signals()
        signal.set_wakeup_fd(-1)
        loop.remove_reader(receiving)
        receiving.close()
        sending.close()
