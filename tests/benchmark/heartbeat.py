"""`python -m tests.benchmark.heartbeat`: the client, and how late its loop is.

It takes the client's arguments. A task beats on the loop, and at the end it logs by how much a beat
was late at the most.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from client import life as client
from client.check import check
from client.configuration import DESCRIPTION, SETTINGS
from shared import life, program
from shared.logs import event
from shared.values import Values
from tests.support import beside

INTERVAL = 0.005  # seconds between two beats


class Heart:
    """Beats on the running loop."""

    def __init__(self) -> None:
        """Begin with no beat."""
        self.latest = 0.0
        """By how many seconds a beat has been late at the most."""

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            due = time.monotonic() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self.latest = max(self.latest, time.monotonic() - due)


async def main(values: Values, stop: asyncio.Event) -> None:
    """Run the client with the settings' values until the event is set."""
    heart = Heart()
    async with beside(heart.beat()):
        await client.main(values, stop)
    logging.getLogger("client").info("heart stopped", extra=event(latest=heart.latest))


def serve(words: Sequence[str]) -> None:
    """Do what `python -m client` does."""
    life.run("client", DESCRIPTION, SETTINGS, words, main, check)


if __name__ == "__main__":
    program.run("client", serve, {})
