"""The life of a program that serves: configured, run until a signal, ended in good order."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from shared import logs, settings
from shared.path import SOCKET
from shared.settings import Setting

COMMON_SETTINGS = (
    SOCKET,
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


def run(
    program: str,
    description: str,
    own_settings: tuple[Setting, ...],
    arguments: Sequence[str],
    main: Main,
) -> None:
    """Run `main(values, stop)` until it ends; SIGTERM and SIGINT set the event `stop`.

    Raises SettingError, which `main` may do too.
    """
    values = settings.read(
        f"python -m {program}", description, own_settings + COMMON_SETTINGS, arguments, os.environ
    )
    logs.configure(values["log_level"], values["log_format"])
    asyncio.run(_until_stopped(values, main))


async def _until_stopped(values: dict[str, Any], main: Main) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(values, stop)
