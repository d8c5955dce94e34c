"""Restarts of the whole, with none, some or all of the endpoints down: nothing is forgotten."""

import random
import time
from collections.abc import Callable

from tests.faults.kills import converge, served_by_all, told, under_load
from tests.support import wait_until

TIMES = 20
STAY = 0.5  # seconds of calls between two restarts


def run(tell: Callable[[str], None], times: int = TIMES, seed: int = 0) -> bool:
    """Restart so often, and tell what the callers saw; False if that was not as promised.

    What a server has served in one life is the least that it may serve in the next.
    """
    chance = random.Random(seed)
    with under_load() as (whole, callers):
        numbers = range(len(whole.periods))
        for each in range(times):
            converge(whole, callers)
            whole.fail(chance.sample(numbers, each % (len(numbers) + 1)), "status-500")
            programs = chance.sample(whole.names, len(whole.names))
            whole.kill(*programs)
            whole.start(*programs)
            wait_until(lambda: served_by_all(whole), "all have served again")
            time.sleep(STAY)
        converge(whole, callers)
    tell(f"{times:7,} × the whole killed and started, with 0, 1, 2 or all 3 endpoints down")
    return told(tell, callers)
