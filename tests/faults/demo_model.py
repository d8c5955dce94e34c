"""What may be served of the demo's data: a model that knows what is sent on each beat."""

import time
from collections.abc import Sequence
from itertools import chain

from tests.demo.data import COMMON, OWN, items
from tests.faults.model import Versions, WrongAnswerError

REACH = 600.0  # seconds; nothing older than that is recognized


class Beats:
    """The beats of the demo's endpoints with these periods; a beat is to it what a version is."""

    def __init__(self, periods: Sequence[float]) -> None:
        """Take the periods, in seconds and in the order of the configuration."""
        self._periods = periods
        self.size = COMMON + OWN * len(periods)  # strings of each answer
        self._known: list[dict[str, int]] = [{} for _ in periods]
        """By the first string of its own that an endpoint sends on a beat."""

    def judge(self, strings: Sequence[str]) -> Versions:
        """Tell of which beats an answer is the merge, to the last string, none of them to come.

        Raises WrongAnswerError.
        """
        self._learn(time.time())
        if len(strings) != self.size:
            raise WrongAnswerError(f"it has {len(strings)} strings")
        found = []
        for start, known in zip(range(COMMON, self.size, OWN), self._known, strict=True):
            if strings[start] not in known:
                raise WrongAnswerError(f"{strings[start]} is the first string of no beat so far")
            found.append(known[strings[start]])
        if list(strings) != self._merged(found):
            raise WrongAnswerError(f"it is not the merge of the beats {found}: {strings}")
        return tuple(found)

    def current(self, now: float) -> Versions:
        """Tell the beats of a time."""
        return tuple(int(now // period) for period in self._periods)

    def _merged(self, beats: Sequence[int]) -> list[str]:
        arrays = (items(p, beat * p) for p, beat in zip(self._periods, beats, strict=True))
        return list(dict.fromkeys(chain.from_iterable(arrays)))

    def _learn(self, now: float) -> None:
        for period, known in zip(self._periods, self._known, strict=True):
            last, oldest = int(now // period), int((now - REACH) // period)
            begin = max(oldest, max(known.values(), default=oldest - 1) + 1)
            for beat in range(begin, last + 1):
                known[items(period, beat * period)[COMMON]] = beat
