"""The whole gateway on one machine without containers: each program a process of its own."""

import http.client
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from queue import SimpleQueue

from shared.settings import SettingError
from tests.demo.console import Console
from tests.demo.periods import PERIODS, path
from tests.demo.process import Process
from tests.demo.signals import next_of, on_ending

HOST = "127.0.0.1"
LOOK_INTERVAL = 0.1  # seconds between two looks at whether a program is ready
PATIENCE = 2.0  # seconds for an answer to such a look


@dataclass(frozen=True)
class Program:
    """One of the programs that make the gateway."""

    name: str
    command: list[str]
    """What follows `python -m`."""
    ready: Callable[[], bool]
    """Tells whether the next program finds what it needs of this one."""


def run(port: int) -> int:
    """Run it until a signal asks for the end, or until one of the programs ends by itself.

    Returns the exit status, 1 in the latter case. Raises SettingError where the port is taken.
    """
    # What ends the whole: a process that has ended by itself, or None for a signal that asks.
    happened: SimpleQueue[Process | None] = SimpleQueue()
    on_ending(lambda: happened.put(None))
    console = Console(("endpoints", "client", "server", "gateway"))
    # A proxy, if there is one, does not know this machine.
    environment = os.environ | {"no_proxy": "*"}
    with (
        _reserved(port) as server_port,
        _reserved(0) as endpoints_port,
        tempfile.TemporaryDirectory(prefix="gateway-") as folder,
        ExitStack() as running,
    ):
        for program in _programs(endpoints_port, Path(folder), server_port):
            tell = partial(console.tell, program.name)
            process = Process(program.name, program.command, environment, tell, happened.put)
            running.callback(process.end)
            while happened.empty() and not program.ready():
                time.sleep(LOOK_INTERVAL)
            if not happened.empty():
                break
        else:
            url = f"http://{HOST}:{server_port}/"
            console.tell("gateway", f"ready: curl -s {url} (Ctrl-C ends everything)")
        cause = next_of(happened)
    # Asked now, when all have ended: a signal to everybody may have reached a program first.
    if cause is None or _asked(happened):
        return 0
    console.tell("gateway", f"{cause.name} ended by itself, so all are ended: {cause.outcome}")
    return 1


def _programs(endpoints_port: int, folder: Path, server_port: int) -> list[Program]:
    """Tell what is run, in the order of the flow of the data."""
    origin = f"http://{HOST}:{endpoints_port}"
    endpoints = [f"--endpoint={period:g}={origin}{path(period)}" for period in PERIODS]
    snapshot = folder / "snapshot.sock"
    to_socket = f"--socket={snapshot}"
    return [
        Program(
            "endpoints",
            ["tests.demo", f"--host={HOST}", f"--port={endpoints_port}"],
            partial(_listens, endpoints_port),
        ),
        Program(
            "client",
            ["client", *endpoints, f"--state={folder / 'state.json'}", to_socket],
            snapshot.is_socket,
        ),
        Program(
            "server",
            ["server", f"--host={HOST}", f"--port={server_port}", to_socket],
            partial(_has_data, server_port),
        ),
    ]


@contextmanager
def _reserved(port: int) -> Iterator[int]:
    """Keep a port from strangers until a program of the gateway listens on it; 0 is for any.

    Linux lets a socket listen beside one that is only bound, if both have SO_REUSEADDR.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((HOST, port))
        except OSError as error:
            raise SettingError(
                f"--port {port}: cannot listen on {HOST}: {error.strerror}; want a free port"
            ) from None
        yield holder.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), PATIENCE).close()
    except OSError:
        return False
    return True


def _has_data(port: int) -> bool:
    with closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _asked(happened: SimpleQueue[Process | None]) -> bool:
    """Tell whether a signal is among what has happened since."""
    while not happened.empty():
        if happened.get() is None:
            return True
    return False
