"""`python3 -m tests.faults`: injects faults by the hundred, and tells what callers saw."""

import sys

from tests import runs
from tests.faults import containers, kills, restarts, soak, state, tiers, wires
from tests.simulation import batch

DESCRIPTION = "Inject faults on this machine by the hundred, and tell what callers saw."
RUNS: dict[str, runs.Run] = {
    "kills": kills.run,
    "restarts": restarts.run,
    "tiers": tiers.run,
    "state": state.run,
    "wires": wires.run,
    "simulation": batch.run,
    "containers": containers.run,
    "soak": soak.run,
}

if __name__ == "__main__":
    sys.exit(runs.main("tests.faults", DESCRIPTION, RUNS, sys.argv[1:]))
