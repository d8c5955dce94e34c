"""The reader: a client that looks at whole answers while others put the server under load."""

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence

from tests.benchmark.asking import ask

PAUSE = 0.2  # seconds between two answers, so that it takes little from the load
NEITHER = "neither"


class Reader:
    """A thread that asks again and again for as long as the context lasts."""

    def __init__(self, port: int, bodies: Sequence[bytes]) -> None:
        """Ask the server at a port, whose answers are to be one of these bodies."""
        self._port = port
        self._names = {_digest(body): f"body {number}" for number, body in enumerate(bodies, 1)}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader")
        self.seen: Counter[str] = Counter()
        """How many answers were which body, NEITHER, or an error in its own words."""

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._ending.wait(PAUSE):
            try:
                body = ask(self._port).body
            except OSError as error:
                self.seen[str(error)] += 1
            else:
                self.seen[self._names.get(_digest(body), NEITHER)] += 1


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body).digest()
