"""`python -m server`: the HTTP server, from the command line to its stop."""

import asyncio
from typing import Any

from server.configuration import DESCRIPTION, SETTINGS, configuration
from shared import program


async def main(values: dict[str, Any], stop: asyncio.Event) -> None:
    """Run the server with the settings' values until the event is set."""
    # Not before the check of the system: it needs what only Linux has.
    from server.gateway import Gateway

    await Gateway(configuration(values)).run(stop)


if __name__ == "__main__":
    program.run("server", DESCRIPTION, SETTINGS, main)
