"""Slots: connections of every kind come and go by the thousand, and no slot is lost."""

from collections import Counter
from collections.abc import Callable

from tests.load.limit import PROCESSES, Round
from tests.load.server import serving
from tests.load.worker import workers
from tests.samples import snapshot

CONNECTIONS = 100_000
LIMIT = 3  # fewer than there are processes, so that some are refused
DATA = snapshot(padding=100_000)  # more than the kernel takes at once, 1.1 MB


def run(tell: Callable[[str], None]) -> bool:
    """Have them come and go, then count the slots; False if one was lost."""
    with serving(LIMIT, DATA) as server, workers(PROCESSES, server.port()) as crowds:
        Round(LIMIT, 100, False, "close").play(crowds)
        memory, files = server.resident(), server.open_files()
        for seed, crowd in enumerate(crowds):
            crowd.begin("churn", CONNECTIONS // PROCESSES, seed)
        tally = sum((Counter[str](crowd.result()) for crowd in crowds), Counter[str]())
        for kind, count in sorted(tally.items()):
            tell(f"{count:7,} × {kind}")
        wrong = Round(LIMIT, 100, False, "close").play(crowds)
        tell(f"memory {memory:,} kB before, {server.resident():,} kB after")
        tell(f"descriptors {files} before, {server.open_files()} after")
        tell(f"slots of {LIMIT}: " + ("; ".join(wrong) or "all there"))
        return not wrong
