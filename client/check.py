"""The check: what the endpoints answer, asked once each, before anything depends on it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from client.configuration import Configuration, configuration
from client.endpoint import Endpoint
from client.fetch import Validators
from client.items import ITEM_SIZE
from client.lookup import Lookup
from client.poll import Bounds, PollError, poll
from client.render import merge
from shared.output import tell
from shared.quantity import counted
from shared.terminal import aligned
from shared.values import Values


@dataclass(frozen=True)
class Outcome:
    """What came of an endpoint's poll."""

    endpoint: Endpoint
    duration: float
    """Seconds."""
    items: bytes | None
    """Packed, see `client.items`; None where it failed."""
    reason: str
    """Why it failed, else empty."""

    def row(self) -> tuple[str, str, str]:
        """Tell it in columns."""
        if self.items is None:
            return self.endpoint.name, "failed", self.reason
        items = counted(len(self.items) // ITEM_SIZE, "item")
        return self.endpoint.name, "ok", f"{items} in {self.duration:.3f} s"


async def check(values: Values) -> bool:
    """Poll each endpoint once, all at once, and print what came; True where all went well.

    No socket is taken and no state is written. Raises SettingError.
    """
    configured = configuration(values)
    outcomes = await asyncio.gather(*(_outcome(e, configured) for e in configured.endpoints))
    lines = [*aligned([each.row() for each in outcomes]), _sum(outcomes)]
    tell("".join(f"{line}\n" for line in lines))
    return all(each.items is not None for each in outcomes)


async def _outcome(endpoint: Endpoint, configured: Configuration) -> Outcome:
    bounds = Bounds(endpoint.timeout(configured.timeout), configured.most)
    started = time.monotonic()
    try:
        good = await poll(endpoint, Validators(), bounds, Lookup())
    except PollError as error:
        return Outcome(endpoint, time.monotonic() - started, None, str(error))
    return Outcome(endpoint, time.monotonic() - started, good.items, "")


def _sum(outcomes: Sequence[Outcome]) -> str:
    items = [each.items for each in outcomes if each.items is not None]
    failed = len(outcomes) - len(items)
    together = sum(map(len, merge(items)))
    return (
        f"{counted(len(outcomes), 'endpoint')}, {len(items)} ok, {failed} failed; "
        f"{counted(together, 'item')} between them"
    )
