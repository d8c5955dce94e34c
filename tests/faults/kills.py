"""Kills: programs are ended by SIGKILL in random order while they are called, and come back."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults.callers import Callers, calling, judge_by
from tests.faults.endpoints import SOME
from tests.faults.installation import Installation
from tests.support import wait_until

TIMES = 100
LEAST_PAUSE, MOST_PAUSE = 0.05, 0.6  # seconds from one kill to the next
LONGEST_GONE = 0.3  # seconds that who was killed stays away


def run(tell: Callable[[str], None], times: int = TIMES, seed: int = 0) -> bool:
    """Kill so many programs, and tell what the callers saw; False if that was not as promised."""
    chance, killed = random.Random(seed), Counter[str]()
    with under_load(SOME) as (whole, callers):
        while killed.total() < times:
            time.sleep(chance.uniform(LEAST_PAUSE, MOST_PAUSE))
            victims = chance.sample(whole.names, chance.choice((1, 1, 1, 2)))
            whole.kill(*victims)
            killed.update(victims)
            time.sleep(chance.choice((0.0, chance.uniform(0.0, LONGEST_GONE))))
            whole.start(*victims)
        wait_until(lambda: served_by_all(whole), "all have served again")
        converge(whole, callers)
    for name, count in sorted(killed.items()):
        tell(f"{count:7,} × {name} killed")
    return told(tell, callers)


@contextmanager
def under_load(fault: str | None = None) -> Iterator[tuple[Installation, Callers]]:
    """Have the whole run and be called, with that fault of all endpoints, if there is one."""
    with Installation() as whole:
        whole.start(*whole.names)
        if fault:
            whole.fail(range(len(whole.periods)), fault)
        judge = judge_by(whole.record)
        with calling(list(whole.servers.values()), judge, len(whole.periods)) as callers:
            wait_until(lambda: served_by_all(whole), "all have served")
            yield whole, callers


def served_by_all(whole: Installation) -> bool:
    """Tell whether each server has served in its present life."""
    return all(server.has_served for server in whole.servers.values())


def converge(whole: Installation, callers: Callers) -> None:
    """Have no endpoint fail any more, and wait until what is newest now, or newer, is served."""
    whole.fail((), SOME)
    wanted = whole.versions()
    wait_until(lambda: callers.have(wanted), f"the versions {wanted} are served")


def told(tell: Callable[[str], None], callers: Callers) -> bool:
    """Tell what callers have seen; False where that was not as promised."""
    for name, count in sorted(callers.counts.items()):
        tell(f"{count:7,} × {name}")
    for complaint in callers.complaints:
        tell(complaint)
    tell(f"wrong answers and gaps: {callers.counts['wrong']}")
    return not callers.counts["wrong"]
