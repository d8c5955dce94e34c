"""The memory: what the client keeps over a restart, whatever the disk does.

The state file only bridges a restart. So nothing that happens to it stops the client; it is told.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from pathlib import Path

from client.endpoint import Endpoint
from client.state import State, StateError, StateFile
from client.worker import in_thread
from shared.logs import event

log = logging.getLogger("client")

STOP_WAIT = 1.5  # seconds that the last writing may take
COMPLAINT_INTERVAL = 60.0  # seconds between two warnings that nothing can be written


class Memory:
    """What a client remembers; nothing, where it has no file."""

    def __init__(self, path: Path | None, most: int) -> None:
        """Name the state file, or None, and the bytes over which it is not read."""
        self._file = StateFile(path, most) if path else None
        self._complained = -COMPLAINT_INTERVAL

    def recall(self, endpoints: Iterable[Endpoint]) -> State:
        """Read the state; one that cannot be used is kept under another name."""
        if not self._file:
            return State()
        try:
            return self._file.load(endpoints)
        except StateError as error:
            log.warning(
                "state not used, starting afresh",
                extra=event(path=str(self._file.path), reason=str(error)),
            )
        try:
            aside = self._file.set_aside()
            log.warning("state set aside", extra=event(path=str(aside)))
        except StateError as error:
            log.warning("state not set aside", extra=event(reason=str(error)))
        return State()

    async def keep(self, state: State) -> None:
        """Write the state. Where that fails, a line a minute says so, and the client goes on."""
        file = self._file
        if not file:
            return
        try:
            await in_thread("state", lambda: file.save(state))
        except StateError as error:
            if time.monotonic() - self._complained >= COMPLAINT_INTERVAL:
                self._complained = time.monotonic()
                log.warning(
                    "state not saved: a restart now would forget what changed since",
                    extra=event(reason=str(error)),
                )

    async def keep_at_stop(self, state: State) -> None:
        """Write the state once more; a disk that hangs does not hold up the stop."""
        try:
            async with asyncio.timeout(STOP_WAIT):
                await self.keep(state)
        except TimeoutError:
            log.warning("state not saved: the disk takes too long")
