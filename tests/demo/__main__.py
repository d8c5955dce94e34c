"""`python -m tests.demo`: plays the endpoints; with `gateway`, runs the whole on them."""

import logging
import os
import socket
import sys
from queue import SimpleQueue

from shared import logs, program, settings
from shared.logs import event
from shared.settings import Setting, SettingError, Usage
from shared.values import read
from tests.demo.endpoints import Endpoints
from tests.demo.periods import PERIODS, path, play_data
from tests.demo.signals import next_of, on_ending

log = logging.getLogger("endpoints")


def address(text: str) -> str:
    """Parse an IPv4 address or a name for one. Raises ValueError, saying what would be right."""
    try:
        found = socket.getaddrinfo(text, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError for what is no name, such as a..b
        raise ValueError("want an IPv4 address of this machine, or a name for one") from None
    return str(found[0][4][0])


DESCRIPTION = (
    "Plays the three third-party endpoints: /15, /30 and /60, with new data every so many seconds. "
    "To run the whole gateway on them without containers: python3 -m tests.demo gateway (--help)."
)
SETTINGS = (
    Setting(
        "host",
        "--host",
        "DEMO_HOST",
        "HOST",
        "the IPv4 address to listen on, or a name for it",
        address,
        "127.0.0.1",
    ),
    Setting(
        "port",
        "--port",
        "DEMO_PORT",
        "PORT",
        "the port to listen on, or 0 for any that is free",
        settings.whole_number(0, 65535),
        "8000",
    ),
)

GATEWAY_DESCRIPTION = (
    "Runs the whole gateway without containers, for a look at it: the endpoints, the client and "
    "the server are processes of their own, which take their other settings from the environment "
    "(CLIENT_LIMIT, LOG_LEVEL …). Ctrl-C ends them all."
)
GATEWAY_SETTINGS = (
    Setting(
        "port",
        "--port",
        "PORT",
        "PORT",
        "the port on which the server has the data, or 0 for any that is free",
        settings.whole_number(0, 65535),
        "8080",
    ),
)


def main(arguments: list[str]) -> int:
    """Do what the command line says until a signal asks for the end; return the exit status."""
    command = "gateway" if arguments[:1] == ["gateway"] else "demo"
    try:
        return run_gateway(arguments[1:]) if command == "gateway" else play(arguments)
    except SettingError as error:
        settings.exit_with(command, error)


def play(arguments: list[str]) -> int:
    """Play the endpoints until a signal asks for the end. Raises SettingError."""
    usage = Usage("python3 -m tests.demo", DESCRIPTION, {"gateway": ()})
    values = read(usage, SETTINGS, arguments, os.environ)
    asked: SimpleQueue[None] = SimpleQueue()
    on_ending(lambda: asked.put(None))
    with logs.to_standard_error("demo", "info", "text"):
        with _endpoints(values["host"], values["port"]) as endpoints:
            play_data(endpoints, PERIODS)
            for period in PERIODS:
                url = endpoints.url(path(period))
                log.info("playing", extra=event(period=f"{period:g}", url=url))
            next_of(asked)
        log.info("stopped")
    return 0


def run_gateway(arguments: list[str]) -> int:
    """Run the whole until a signal asks for the end. Raises SettingError."""
    usage = Usage("python3 -m tests.demo gateway", GATEWAY_DESCRIPTION)
    values = read(usage, GATEWAY_SETTINGS, arguments, os.environ)
    program.require_linux()
    # Not before the check of the system: it needs what only Linux has.
    from tests.demo.gateway import run

    return run(values["port"])


def _endpoints(host: str, port: int) -> Endpoints:
    try:
        return Endpoints(host, port)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # then it repeats the address
        raise SettingError(
            f"--host {host} --port {port}: cannot listen there: {reason}; "
            "want an address of this machine and a free port"
        ) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
