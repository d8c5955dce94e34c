"""`python3 -m tests.simulation`: runs many schedules of faults, or tells the story of one."""

import argparse
import functools
import sys

from tests.simulation import batch, schedule
from tests.simulation.promises import BrokenError


def main(arguments: list[str]) -> int:
    """Do what the arguments say; return the exit status, 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.simulation",
        description="Run the gateway through schedules of faults, in virtual time.",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="FIRST", help="the first seed")
    parser.add_argument("--schedules", type=int, metavar="N", help="how many; one a seed")
    parser.add_argument("--jobs", type=int, metavar="J", help="at a time; one a core by default")
    parser.add_argument("--verbose", action="store_true", help="tell the story of the first seed")
    given = parser.parse_args(arguments)
    tell = functools.partial(print, flush=True)
    if given.verbose:
        return _tell_story(given.seed)
    schedules = batch.SCHEDULES if given.schedules is None else given.schedules
    return 0 if batch.run(tell, schedules, given.seed, given.jobs) else 1


def _tell_story(seed: int) -> int:
    try:
        outcome = schedule.run(seed, lambda line: print(line))  # noqa: T201 - what was asked for
    except BrokenError as error:
        print(f"broken: {error.__cause__}")  # noqa: T201
        return 1
    print(f"nothing is broken; the story's digest is {outcome.digest}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
