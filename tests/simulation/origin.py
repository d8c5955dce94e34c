"""The endpoints that the simulated client polls: what they send, well or badly."""

import random
from functools import lru_cache
from typing import Literal

from client.endpoint import parse_endpoint
from client.fetch import Fetched, FetchError, Validators
from client.wire import Wire
from tests.demo.behaviours import rendered
from tests.faults.model import items

Mood = Literal["well", "refusing", "hanging", "lying"]
BAD_MOODS: tuple[Mood, ...] = ("refusing", "hanging", "lying")
PERIODS = (0.4, 2.5)  # seconds
LONGEST = 0.04  # seconds that a good answer takes, at most
SLIPS = 0.08  # the chance that a poll fails while there are faults
UNCONDITIONAL = 0.2  # the chance that a validator is ignored

LIES = (
    b"",
    b"\xff\xfe[]",
    b'{"items": []}',
    b'["too short"]',
    b'["12345678", 12345678]',
    b'["12345678", "1234567',
    b'["12345678"]]',
)


@lru_cache(maxsize=4096)
def body(number: int, version: int) -> bytes:
    """Tell what an endpoint sends as a version."""
    return rendered(items(number, version))


class Origin:
    """One endpoint."""

    def __init__(self, number: int, chance: random.Random) -> None:
        """Have the first version, and a period of its own."""
        self.number = number
        self.period = round(chance.uniform(*PERIODS), 2)
        self.endpoint = parse_endpoint(f"{self.period}=http://origin{number}.example/")
        self.version = 1
        self.sent: set[int] = set()
        """The versions that it has ever sent."""
        self.mood: Mood = "well"
        self.slips = True
        """Whether single polls may fail."""
        self._chance = chance
        self._next: Mood = "well"

    def duration(self) -> float:
        """Draw how the next poll ends; tell how long that takes, in seconds."""
        self._next = self.mood
        if self.slips and self._next == "well" and self._chance.random() < SLIPS:
            self._next = self._chance.choice(BAD_MOODS)
        if self._next == "hanging":
            return self.endpoint.timeout(None) + 0.001  # its alarm ends it
        return self._chance.uniform(0, LONGEST)

    def answer(self, validators: Validators, wire: Wire) -> Fetched:
        """Answer a poll. Raises FetchError."""
        if wire.given_up is not None:
            raise FetchError(wire.given_up)
        if self._next == "refusing":
            raise FetchError("status 503 Service Unavailable")
        if self._next == "lying":
            return Fetched(self._chance.choice(LIES), Validators())
        etag = f'"{self.version}"'
        if validators.etag == etag and self._chance.random() >= UNCONDITIONAL:
            return Fetched(None, validators)
        self.sent.add(self.version)
        return Fetched(body(self.number, self.version), Validators(etag))
