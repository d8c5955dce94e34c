"""`python3 -m tests.load`: puts a server under load, and tells what became of it."""

import sys

from tests import runs
from tests.load import limit, refusals, slots

DESCRIPTION = "Put a server under load on this machine, and tell what became of it."
RUNS: dict[str, runs.Run] = {"limit": limit.run, "slots": slots.run, "refusals": refusals.run}

if __name__ == "__main__":
    sys.exit(runs.main("tests.load", DESCRIPTION, RUNS, sys.argv[1:]))
