"""The beat: when an endpoint is polled, on a grid that neither drifts nor bunches."""

import math


def next_beat(start: float, period: float, number: int, now: float) -> int:
    """Tell the number of the next beat: the first after `number` that is not past.

    Beat k is at start + k × period, in seconds of the monotonic clock; beat 0 is the start. What
    lies between the two numbers has been missed. Every time is computed from the start, so that
    no error adds up.
    """
    following = max(number + 1, math.ceil((now - start) / period))
    # The quotient is rounded, so on the very beat it may be one too small.
    return following if start + following * period >= now else following + 1
