"""`python3 -m tests.load`: puts a server under load, and tells what became of it."""

import argparse
import functools
import sys

from tests.load import limit, refusals, slots

RUNS = {"limit": limit.run, "slots": slots.run, "refusals": refusals.run}


def main(arguments: list[str]) -> int:
    """Run what is named, or all; return the exit status, 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.load",
        description="Put a server under load on this machine, and tell what became of it.",
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"one of {', '.join(RUNS)}; or all")
    names = parser.parse_args(arguments).runs or list(RUNS)
    if unknown := set(names) - set(RUNS):
        parser.error(f"{', '.join(unknown)}: want some of {', '.join(RUNS)}")
    kept = [RUNS[name](functools.partial(print, flush=True)) for name in names]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
