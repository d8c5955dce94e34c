"""The life of a program: configured, run until a signal, ended with an honest exit status."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from shared import logs, settings
from shared.settings import Setting, SettingError

DEFAULT_SOCKET = "/run/gateway/snapshot.sock"
LONGEST_SOCKET_PATH = 107  # bytes; sun_path of unix(7) holds 108 with the NUL that ends it


def socket_path(text: str) -> Path:
    """Parse the path of the snapshot socket; ValueError where no socket can be there."""
    path = Path(text).absolute()
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET_PATH:
        raise ValueError(
            f"want a path of at most {LONGEST_SOCKET_PATH} bytes, the longest that the system "
            f"takes for a socket; this one has {length}"
        )
    if not path.name or not os.path.isdir(path.parent):
        raise ValueError(f"want a path in a directory that exists; {path.parent} does not")
    return path


COMMON_SETTINGS = (
    Setting(
        "socket",
        "--socket",
        "SNAPSHOT_SOCKET",
        "PATH",
        "the Unix socket on which the client pushes snapshots to the servers",
        socket_path,
        DEFAULT_SOCKET,
    ),
    Setting(
        "log_level",
        "--log-level",
        "LOG_LEVEL",
        "LEVEL",
        f"log events from this level up: {', '.join(logs.LEVELS)}",
        settings.one_of(*logs.LEVELS),
        "info",
    ),
    Setting(
        "log_format",
        "--log-format",
        "LOG_FORMAT",
        "FORMAT",
        f"one line an event, as {' or '.join(logs.FORMATS)}",
        settings.one_of(*logs.FORMATS),
        "text",
    ),
)
"""The settings that both programs have."""

Main = Callable[[dict[str, Any], asyncio.Event], Coroutine[Any, Any, None]]


def run(program: str, description: str, own_settings: tuple[Setting, ...], main: Main) -> None:
    """Run `main(values, stop)` until it ends; SIGTERM and SIGINT set the event `stop`.

    A bad setting, found here or raised by `main` as SettingError, ends the program with exit
    status 2 and one line on standard error.
    """
    try:
        require_linux()
        values = settings.read(
            f"python -m {program}",
            description,
            own_settings + COMMON_SETTINGS,
            sys.argv[1:],
            os.environ,
        )
        logs.configure(values["log_level"], values["log_format"])
        asyncio.run(_until_stopped(values, main))
    except SettingError as error:
        settings.exit_with(program, error)


def require_linux() -> None:
    """Raise SettingError on another system, which lacks what the programs are built on."""
    if not sys.platform.startswith("linux"):
        raise SettingError(f"it needs Linux, or containers; this system is {sys.platform}")


async def _until_stopped(values: dict[str, Any], main: Main) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(values, stop)
