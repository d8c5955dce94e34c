"""The state file, in memory, on a disk that may refuse or take its time."""

import asyncio
import random
import re
from collections.abc import Callable
from pathlib import Path

from client.moment import Moment
from client.state import State, StateError, StateFile, encode
from tests.simulation.process import current
from tests.simulation.promises import NOTHING, Mark

QUICK = 0.03  # seconds; as long as most writings take, at most
LONG = 1.0  # seconds; long, and still within the client's patience of 1.5
TOO_LONG = (2.0, 5.0)  # seconds

_NAME = re.compile(rb"([0-9a-f])=([0-9a-f]{6})")  # see tests.faults.model.name
_LAST_MODIFIED = re.compile(rb'"last_modified": (\d+)')


class Disk:
    """What the file holds, and how the disk is doing."""

    def __init__(self, chance: random.Random, begun: Callable[[float], None]) -> None:
        """Hold no file. `begun` is told, as a writing begins, how many seconds it will take."""
        self.data: bytes | None = None
        self.refuses = False
        self.is_slow = False
        self.excuses = False
        """Whether the disk has kept the client from writing what it has published since."""
        self._chance = chance
        self._begun = begun
        self._slow: list[asyncio.Future[None]] = []

    async def write(self, save: Callable[[], None]) -> None:
        """Run what saves the state, after a while. Raises StateError."""
        is_slow = self.is_slow
        self.excuses |= is_slow
        try:
            await self._wait(is_slow)
        except asyncio.CancelledError:
            # A kill in the midst of it: it came before the rename, or just after.
            if not (current().is_alive or self.refuses or is_slow) and self._chance.random() < 0.5:
                save()
            raise
        if self.refuses:
            self.excuses = True
            raise StateError("the disk refuses")
        save()
        self.excuses &= is_slow

    async def _wait(self, is_slow: bool) -> None:
        if not is_slow:
            longest = LONG if self._chance.random() < 0.1 else QUICK
            seconds = self._chance.uniform(0, longest)
            self._begun(seconds)
            await asyncio.sleep(seconds)
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._slow.append(done)
        loop.call_later(self._chance.uniform(*TOO_LONG), _finish, done)
        await done

    def mend(self) -> None:
        """Be a good disk again; what it was slow with is done."""
        self.refuses = self.is_slow = False
        for done in self._slow:
            _finish(done)
        self._slow.clear()

    def mark(self) -> Mark:
        """Tell what a client that starts now remembers."""
        data = self.data
        if data is None:
            return NOTHING
        found = {int(endpoint, 16): int(version, 16) for endpoint, version in _NAME.findall(data)}
        dated = _LAST_MODIFIED.search(data)
        assert dated, "a state file tells a date"
        return (*(found.get(endpoint, 0) for endpoint in range(len(NOTHING) - 1)), int(dated[1]))


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


class MemoryFile(StateFile):
    """The state file of the program, on the fake disk."""

    def __init__(self, disk: Disk, path: Path) -> None:
        """Be at a path, which means nothing."""
        super().__init__(path)
        self._disk = disk

    def _read(self) -> bytes:
        if self._disk.data is None:
            raise FileNotFoundError
        return self._disk.data

    def save(self, state: State) -> None:
        """Hold the state from now on; nothing lies between the old one and the new one."""
        self._disk.data = b"".join(encode(state, Moment.now()))

    def set_aside(self) -> Path:
        """Refuse: the simulation damages no file."""
        raise AssertionError("a state file that the client wrote cannot be read")
