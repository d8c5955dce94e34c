"""`python -m client`: the poller, and the commands that ask one that runs.

What only the poller needs is imported when it is to run: a health check comes often.
"""

from collections.abc import Sequence

from client import address
from shared import program
from shared.program import Program

PROGRAM = Program("client", address.SETTINGS, address.place)


def serve(arguments: Sequence[str]) -> None:
    """Poll and push until a signal."""
    from client import life

    life.run(arguments)


def status(arguments: Sequence[str]) -> None:
    """Show the figures of the client that runs."""
    from client.view import VIEW
    from shared import display

    display.run(PROGRAM, VIEW, arguments)


def health(arguments: Sequence[str]) -> None:
    """Tell whether the client that runs is well."""
    from shared import health

    health.run(PROGRAM, arguments)


if __name__ == "__main__":
    program.run("client", serve, {"status": status, "health": health})
