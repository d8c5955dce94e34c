"""`python -m client`: the poller, from the command line to its stop."""

import asyncio
import sys
from typing import Any

from client import allocator
from client.configuration import DESCRIPTION, SETTINGS, configuration
from shared import program

# Seconds after which a thread that computes gives way. Beside 20 endpoints that flood chunks of a
# byte, another one at 0.5 s had 14 good polls of 40 with Python's own 5 ms, and has 40 with this.
SWITCH_INTERVAL = 0.0005


async def main(values: dict[str, Any], stop: asyncio.Event) -> None:
    """Run the client with the settings' values until the event is set."""
    # Not before the check of the system: it needs what only Linux has.
    from client.gateway import Gateway

    allocator.settle()
    sys.setswitchinterval(SWITCH_INTERVAL)
    await Gateway(configuration(values)).run(stop)


if __name__ == "__main__":
    program.run("client", DESCRIPTION, SETTINGS, main)
