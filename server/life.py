"""The server's life: from its settings to its stop."""

import asyncio
from collections.abc import Sequence
from typing import Any

from server import address
from server.check import check
from server.configuration import DESCRIPTION, SETTINGS, configuration
from server.gateway import Gateway
from shared import inquiry, life
from shared.responder import Responder
from shared.status import answers


def run(words: Sequence[str]) -> None:
    """Answer requests until a signal. Raises SettingError."""
    life.run("server", DESCRIPTION, SETTINGS, words, main, check)


async def main(values: dict[str, Any], stop: asyncio.Event) -> None:
    """Run the server with the settings' values until the event is set. Raises SettingError."""
    gateway = Gateway(configuration(values))
    where = inquiry.address("server", address.place_of(gateway.address))
    await Responder("server", where, answers(gateway.status)).beside(gateway.run(stop))
