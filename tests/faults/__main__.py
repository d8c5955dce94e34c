"""`python3 -m tests.faults`: injects faults by the hundred, and tells what callers saw."""

import argparse
import functools
import sys
import time
from collections.abc import Callable

from tests.faults import containers, kills, restarts, soak, state, tiers, wires
from tests.simulation import batch

RUNS: dict[str, Callable[[Callable[[str], None]], bool]] = {
    "kills": kills.run,
    "restarts": restarts.run,
    "tiers": tiers.run,
    "state": state.run,
    "wires": wires.run,
    "simulation": batch.run,
    "containers": containers.run,
    "soak": soak.run,
}


def main(arguments: list[str]) -> int:
    """Do the runs that are named, or all; return the exit status, 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.faults",
        description="Inject faults on this machine by the hundred, and tell what callers saw.",
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"one of {', '.join(RUNS)}; or all")
    names = parser.parse_args(arguments).runs or list(RUNS)
    if unknown := set(names) - set(RUNS):
        parser.error(f"{', '.join(sorted(unknown))}: want some of {', '.join(RUNS)}")
    tell, kept = functools.partial(print, flush=True), []
    for name in names:
        tell(f"== {name}")
        started = time.monotonic()
        kept.append(RUNS[name](tell))
        tell(f"{'kept' if kept[-1] else 'BROKEN'}, {time.monotonic() - started:.0f} s")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
