"""A stranger that takes the path of the snapshot socket for a while."""

import random

from shared import frame
from tests.samples import snapshot
from tests.simulation.network import End, Listener, Network
from tests.simulation.process import Process


class Stranger:
    """Who says nothing, or what no client says; it never takes back what it has sent."""

    def __init__(self, network: Network, chance: random.Random) -> None:
        """Take the path from whoever has it."""
        self._chance = chance
        self.process = Process("stranger")
        self._listener = Listener(self.process)
        network.place(self._listener)
        self._silent: list[End] = []
        self._keeps = chance.random() < 0.5

    async def run(self) -> None:
        """Accept servers, until it is ended."""
        while True:
            end = await self._listener.accept()
            said = self._chance.choice(_SAYINGS)
            if said:
                await end.send(memoryview(said))
            if not said and self._keeps:
                self._silent.append(end)

    def leave(self) -> None:
        """Leave the path; a stranger that says nothing may keep its connections for ever."""
        for end in self._silent:
            del self.process.held[end]
        self.process.end()


_HELLO = snapshot()
_SAYINGS = (
    b"",
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"GWS2" + bytes(frame.HEADER_SIZE),
    b"".join(frame.encode_snapshot(_HELLO, 1.0, frame.checksum(_HELLO) ^ 1)),
    frame.encode_snapshot(_HELLO, 1.0, frame.checksum(_HELLO))[0],
    frame.encode_renewal(_HELLO, 1.0),
)
