"""A client for real server processes: it publishes the snapshots that it is given."""

import asyncio
import logging
import threading
from pathlib import Path

from client.publisher import Publication, Publisher
from shared import boot_clock, frame
from shared.snapshot import Snapshot
from tests.support import DEADLINE, beside

# What the client logs is no news in the output of the tests.
logging.getLogger("client").addHandler(logging.NullHandler())


class Feeder:
    """The client's publisher, in a thread for as long as the context lasts.

    In a test `self.enterContext(Feeder(path, snapshot))`, elsewhere `with`. Servers that connect
    to the path, when it is entered or later, have the snapshot at once.
    """

    def __init__(self, path: Path, snapshot: Snapshot) -> None:
        """Publish a snapshot on a Unix socket at this path."""
        self._path = path
        self._first = snapshot
        self._ready = threading.Event()
        # A daemon, so that an interrupted test run can end.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="feeder", daemon=True
        )

    def __enter__(self) -> "Feeder":
        self._publisher = Publisher(self._path)  # here, so that the caller is told what is wrong
        self._thread.start()
        assert self._ready.wait(DEADLINE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._publish(self._first)
        async with beside(self._publisher.run()):
            self._ready.set()
            await self._stop.wait()

    def publish(self, snapshot: Snapshot) -> None:
        """Publish another snapshot."""
        self._loop.call_soon_threadsafe(self._publish, snapshot)

    def _publish(self, snapshot: Snapshot) -> None:
        publication = Publication(snapshot, frame.checksum(snapshot), boot_clock.now())
        self._publisher.publish(publication)
