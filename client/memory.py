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
from client.status import StateStatus
from client.worker import NoThreadError, in_thread
from shared import boot_clock
from shared.logs import event

log = logging.getLogger("client")

PATIENCE = 1.5  # seconds that are waited for the disk; the stop, too, waits so long
COMPLAINT_INTERVAL = 60.0  # seconds between two warnings that nothing can be written


class Memory:
    """What a client remembers; nothing, where it has no file."""

    def __init__(self, path: Path | None) -> None:
        """Name the state file, or None."""
        self._file = StateFile(path) if path else None
        self._writing: asyncio.Task[None] | None = None
        self._complained = -COMPLAINT_INTERVAL
        self._is_suspended = False
        """Whether the last warning has not been taken back."""
        self._reason = ""
        """Why the last state could not be written; empty where it was."""
        self._since = boot_clock.now()
        """When that last changed, in seconds of the boot clock."""

    def status(self, now: float) -> StateStatus | None:
        """Return how it stands with the file, if there is one; `now` is the boot clock."""
        return StateStatus(self._reason, now - self._since) if self._file else None

    def recall(self, endpoints: Iterable[Endpoint]) -> State:
        """Read the state; a file that cannot be used is kept under another name."""
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
        """Write the state. Where that fails, a line a minute says so, and the client goes on.

        Not for two callers at a time.
        """
        if not self._file:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._write(self._file, state)
        except TimeoutError:
            self._complain("the disk takes too long")
        except (StateError, NoThreadError) as error:
            self._complain(str(error))
        except MemoryError:
            self._complain("there is not enough memory for it")
        else:
            self._resume()

    async def _write(self, file: StateFile, state: State) -> None:
        """Write once what was begun before has ended: threads must not pile up before a disk."""
        if self._writing:
            await asyncio.wait({self._writing})
        self._writing = asyncio.create_task(in_thread("state", lambda: file.save(state)))
        # What it raises when nobody waits for it any more has been complained of already.
        self._writing.add_done_callback(lambda task: task.cancelled() or task.exception())
        # Shielded: what hangs is not over because nobody waits for it any more.
        await asyncio.shield(self._writing)

    def _complain(self, reason: str) -> None:
        if not self._reason:
            self._since = boot_clock.now()
        self._reason = reason
        if time.monotonic() - self._complained >= COMPLAINT_INTERVAL:
            self._complained, self._is_suspended = time.monotonic(), True
            log.warning(
                "state not saved: a restart now would forget what changed since",
                extra=event(reason=reason),
            )

    def _resume(self) -> None:
        if self._reason:
            self._reason, self._since = "", boot_clock.now()
        if self._is_suspended:
            self._is_suspended = False
            log.info("state saved again: a restart forgets nothing")
