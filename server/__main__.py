"""`python -m server`: the HTTP server, and the commands that ask one that runs.

What only the server needs is imported when it is to run: a health check comes often.
"""

from collections.abc import Sequence

from server import address
from shared import program
from shared.program import Program

PROGRAM = Program("server", address.SETTINGS, address.place)


def serve(arguments: Sequence[str]) -> None:
    """Answer requests until a signal."""
    from server import life

    life.run(arguments)


def status(arguments: Sequence[str]) -> None:
    """Show the figures of the server that runs."""
    from server.view import VIEW
    from shared import display

    display.run(PROGRAM, VIEW, arguments)


def health(arguments: Sequence[str]) -> None:
    """Tell whether the server that runs is well."""
    from shared import health

    health.run(PROGRAM, arguments)


if __name__ == "__main__":
    program.run("server", serve, {"status": status, "health": health})
