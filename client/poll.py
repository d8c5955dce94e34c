"""A poll: one answer of an endpoint, fetched and parsed within one deadline."""

import asyncio
from dataclasses import dataclass

from client.endpoint import Endpoint
from client.fetch import Fetched, FetchError, Validators, fetch, timed_out
from client.items import ItemsError, parse
from client.lookup import Lookup
from client.redaction import conceal
from client.wire import Wire
from client.worker import NoThreadError, in_thread


class PollError(Exception):
    """A poll has failed; the text says why, without the endpoint's secrets."""


@dataclass(frozen=True)
class Good:
    """A poll that ended well: the answer, and its items where it brought any."""

    fetched: Fetched
    items: bytes | None
    """Packed, see `client.items`; None where what was had before is still current (304)."""


@dataclass(frozen=True)
class Bounds:
    """What a poll may take."""

    timeout: float
    """Seconds, from the name look-up to the last byte."""
    most: int
    """Bytes of the body."""
    patience: float = 0.0
    """Seconds in which to try to connect again and again."""


async def poll(endpoint: Endpoint, validators: Validators, bounds: Bounds, lookup: Lookup) -> Good:
    """Poll an endpoint once. Raises PollError."""
    try:
        return await _good(endpoint, validators, bounds, lookup)
    except (FetchError, NoThreadError) as error:
        reason = str(error)
    except MemoryError:
        reason = "there is not enough memory for it"
    raise PollError(reason)


async def _good(endpoint: Endpoint, validators: Validators, bounds: Bounds, lookup: Lookup) -> Good:
    wire = Wire(lookup, bounds.timeout, bounds.patience)

    def work() -> Good:
        fetched = fetch(endpoint.url, validators, bounds.most, wire)
        try:
            return Good(fetched, None if fetched.body is None else parse(fetched.body))
        except ItemsError as error:
            raise FetchError(conceal(str(error), fetched.urls)) from None

    loop = asyncio.get_running_loop()
    alarm = loop.call_later(bounds.timeout, wire.give_up, timed_out(bounds.timeout))
    try:
        return await in_thread(f"poll {endpoint.name}", work)
    finally:
        alarm.cancel()
        wire.give_up("the client stops")
