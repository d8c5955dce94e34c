"""Memory: what our server has resident with a small and a large snapshot, and for each client."""

from dataclasses import dataclass

from server.descriptors import RESERVED, raise_limit
from shared.snapshot import Snapshot
from tests.benchmark import data, usage
from tests.benchmark.scenario import KILOBYTE, MILLION
from tests.benchmark.table import grid, megabytes
from tests.load.crowd import Crowd
from tests.load.outcome import SERVED
from tests.load.server import serving
from tests.samples import snapshot

CONNECTIONS = 10_000  # that are kept and idle, after they have asked once
PATIENCE = 600.0  # seconds that they may be idle, longer than it all takes


@dataclass(frozen=True)
class Memory:
    """What our server had resident, in bytes."""

    small: int
    """With a snapshot of 1 kB."""
    large: int
    """With one of 11 MB."""
    payload: int
    """The size of that one, both codings together."""
    connections: int
    """How many were open; 0 where this machine has too few descriptors."""
    crowded: int
    """With the small snapshot and these connections."""

    @property
    def per_connection(self) -> float:
        """Tell the bytes for each of the connections."""
        return (self.crowded - self.small) / self.connections


def measure() -> Memory:
    """Start the server twice, and look. Raises AssertionError where it does not do as it must."""
    large = _snapshot(MILLION)
    with serving(1, large) as server:
        with_large = usage.resident([server.pid])
    count = CONNECTIONS if raise_limit() - RESERVED >= CONNECTIONS else 0
    with serving(max(1, count), _snapshot(KILOBYTE), PATIENCE) as server:
        alone = usage.resident([server.pid])
        crowd = Crowd(server.port())
        try:
            crowd.connect(count)
            assert crowd.ask_in_turn() == [SERVED] * count, "all are within the limit"
            crowded = usage.resident([server.pid])
        finally:
            crowd.leave("close")
    return Memory(alone, with_large, large.size, count, crowded)


def _snapshot(strings: int) -> Snapshot:
    return snapshot("".join(data.strings(strings)))


def table(memory: Memory) -> str:
    """Render what was found."""
    large = f"11 MB, its payload {megabytes(memory.payload)}"
    rows = [["1 kB", "none", megabytes(memory.small)], [large, "none", megabytes(memory.large)]]
    if memory.connections:
        crowded = f"{megabytes(memory.crowded)}, {memory.per_connection:,.0f} bytes for each"
        rows.append(["1 kB", f"{memory.connections:,}, idle", crowded])
    else:
        rows.append(["1 kB", f"{CONNECTIONS:,}, idle", "skipped: `ulimit -Hn` is too low"])
    heads = ["snapshot", "connections", "resident"]
    return "\n".join(["### Memory of this server", "", grid(heads, rows)])
