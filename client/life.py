"""The client's life: from its settings to its stop."""

import asyncio
import sys
from collections.abc import Sequence

from client import address, allocator
from client.check import check
from client.claim import ClaimError
from client.configuration import DESCRIPTION, SETTINGS, configuration
from client.gateway import Gateway
from shared import inquiry, life
from shared.responder import Responder
from shared.status import answers
from shared.values import Values

# Seconds after which a thread that computes gives way. Beside 20 endpoints that flood chunks of a
# byte, another one at 0.5 s had 14 good polls of 40 with Python's own 5 ms, and has 40 with this.
SWITCH_INTERVAL = 0.0005


def run(words: Sequence[str]) -> None:
    """Poll and push until a signal. Raises SettingError."""
    life.run("client", DESCRIPTION, SETTINGS, words, main, check)


async def main(values: Values, stop: asyncio.Event) -> None:
    """Run the client with the settings' values until the event is set. Raises SettingError."""
    allocator.settle()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        gateway = Gateway(configuration(values))
    except ClaimError as error:
        raise values.error(error, socket=values["socket"]) from None
    where = inquiry.address("client", address.place(values))
    await Responder("client", where, answers(gateway.status)).beside(gateway.run(stop))
