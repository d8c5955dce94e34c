"""The endpoints as a process that may be killed: what they have sent stays on record.

`python3 -m tests.faults.endpoints` with a port, a folder, and how long a version lasts at each
endpoint. Endpoint n is at the path /n. Its version follows from the machine's uptime, so that a
process that comes back goes on where the one before would be. In the folder are

- `record`, a line for each answer, written before it is sent: endpoint, version, seconds;
- `faults`, as others write it: a line for each endpoint that is to fail, with the name of a fault
  or `some`, for any of them now and then.
"""

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.demo.behaviours import with_validators
from tests.demo.endpoints import Endpoints
from tests.demo.exchange import Exchange
from tests.demo.faults import FAULTS
from tests.demo.signals import on_ending
from tests.faults.model import Versions, items

SOME = "some"
# What an endpoint does now and then: each kind of end, quickly.
NOW_AND_THEN = ("status-500", "truncated-body", "reset", "close", "item-of-7-bytes", "drip-body")
OFTEN = 4  # one version in so many is kept back by a fault


class Source:
    """One endpoint: it sends its newest version, unless it is to fail."""

    def __init__(self, number: int, folder: Path, lasting: float) -> None:
        """Have a new version every so many seconds."""
        self._number = number
        self._faults = folder / "faults"
        self._record = os.open(folder / "record", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lasting = lasting

    def __call__(self, exchange: Exchange) -> None:
        """Answer."""
        now = time.monotonic()
        number = version(now, self._lasting)
        fault = self._fault(number)
        if fault:
            FAULTS[fault](exchange)
            return
        os.write(self._record, f"{self._number} {number} {now}\n".encode())
        with_validators(items(self._number, number), etag=f'"{number}"')(exchange)

    def _fault(self, number: int) -> str | None:
        told = told_faults(self._faults).get(self._number)
        if told != SOME:
            return told
        chance = random.Random(f"fault {self._number} {number}")
        return chance.choice(NOW_AND_THEN) if chance.randrange(OFTEN) == 0 else None


def version(now: float, lasting: float) -> int:
    """Tell the version of a moment of the monotonic clock, which all processes share."""
    return 1 + int(now / lasting)


def told_faults(path: Path) -> dict[int, str]:
    """Tell which endpoints are to fail, and how."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {int(number): name for number, name in (line.split() for line in lines)}


class Record:
    """What the endpoints have sent so far, as on record."""

    def __init__(self, path: Path, endpoints: int) -> None:
        """Read the record of so many endpoints, from its beginning."""
        self._path, self._offset = path, 0
        self.sent = [set[int]() for _ in range(endpoints)]
        self.times = [list[float]() for _ in range(endpoints)]
        """When each endpoint answered well, in seconds of the monotonic clock."""

    def update(self) -> "Record":
        """Read on."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return self
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode().splitlines():
            endpoint, number, when = line.split()
            self.sent[int(endpoint)].add(int(number))
            self.times[int(endpoint)].append(float(when))
        return self

    def newest(self) -> Versions:
        """Tell the newest version that each endpoint has sent; 0 for none."""
        return tuple(max(versions, default=0) for versions in self.sent)


def main(arguments: Sequence[str]) -> None:
    """Play the endpoints until a signal asks for the end."""
    port, folder, *lasting = arguments
    on_ending(lambda: sys.exit(0))
    with Endpoints(port=int(port)) as endpoints:
        for number, seconds in enumerate(lasting):
            endpoints.play(f"/{number}", Source(number, Path(folder), float(seconds)))
        print("playing", file=sys.stderr, flush=True)  # noqa: T201 - for who has started it
        while True:  # not pause(2): a signal that comes just before it does not end it
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1:])
