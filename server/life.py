"""The server's life: from its settings to its stop."""

import asyncio
from collections.abc import Sequence

from server import address
from server.address import AddressError
from server.check import check
from server.configuration import DESCRIPTION, SETTINGS, configuration
from server.gateway import Gateway
from server.listener import ListenError
from shared import inquiry, life
from shared.responder import Responder
from shared.status import answers
from shared.values import Values


def run(words: Sequence[str]) -> None:
    """Answer requests until a signal. Raises SettingError."""
    life.run("server", DESCRIPTION, SETTINGS, words, main, check)


async def main(values: Values, stop: asyncio.Event) -> None:
    """Run the server with the settings' values until the event is set. Raises SettingError."""
    try:
        gateway = Gateway(configuration(values))
    except AddressError as error:
        raise values.error(error, host=values["host"]) from None
    except ListenError as error:
        reason = f"{error}; want an address of this machine and a port that is free"
        raise values.error(reason, host=values["host"], port=values["port"]) from None
    where = inquiry.address("server", address.place_of(gateway.address))
    await Responder("server", where, answers(gateway.status)).beside(gateway.run(stop))
