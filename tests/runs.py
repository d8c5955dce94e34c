"""Runs that a command names: each tells what it sees, and whether promises were kept."""

import argparse
import functools
import time
from collections.abc import Callable, Mapping, Sequence

Tell = Callable[[str], None]
Run = Callable[[Tell], bool]
"""Tells what it sees, line by line; False where a promise was not kept."""


def main(program: str, description: str, runs: Mapping[str, Run], arguments: Sequence[str]) -> int:
    """Do the runs that are named, or all; return the exit status, 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog=f"python3 -m {program}", description=description)
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"one of {', '.join(runs)}; or all")
    names = parser.parse_args(arguments).runs or list(runs)
    if unknown := set(names) - set(runs):
        parser.error(f"{', '.join(sorted(unknown))}: want some of {', '.join(runs)}")
    tell, kept = functools.partial(print, flush=True), []
    for name in names:
        tell(f"== {name}")
        started = time.monotonic()
        kept.append(runs[name](tell))
        tell(f"{'kept' if kept[-1] else 'BROKEN'}, {time.monotonic() - started:.0f} s")
    return 0 if all(kept) else 1
