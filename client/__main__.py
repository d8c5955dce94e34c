"""`python -m client`: the poller, from the command line to its stop."""

import asyncio
from typing import Any

from client.configuration import DESCRIPTION, SETTINGS, configuration
from shared import program


async def main(values: dict[str, Any], stop: asyncio.Event) -> None:
    """Run the client with the settings' values until the event is set."""
    # Not before the check of the system: it needs what only Linux has.
    from client.gateway import Gateway

    await Gateway(configuration(values)).run(stop)


if __name__ == "__main__":
    program.run("client", DESCRIPTION, SETTINGS, main)
