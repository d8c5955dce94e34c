"""The back-off: how long to wait before the next try."""

import math
import random

FIRST = 0.05  # seconds
CAP = 1.0  # seconds; what the servers lack when the client comes back is made good this soon


def delay(failures: int, chance: float | None = None) -> float:
    """Tell the seconds to wait after so many failures in a row, at least one.

    Doubled each time up to a cap, then spread over its upper half, so that servers that lost the
    client together do not come back together. `chance` is from 0 to 1, or None for a random one.
    """
    longest = min(CAP, math.ldexp(FIRST, min(failures, 16) - 1))
    return longest * (1 + (random.random() if chance is None else chance)) / 2
