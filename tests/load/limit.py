"""The limit: more clients than it come, ask and leave, round after round, and are counted."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.descriptors import RESERVED, raise_limit
from tests.load.crowd import WAYS
from tests.load.outcome import REFUSED, SERVED
from tests.load.server import serving
from tests.load.worker import Worker, workers

LIMITS = (1, 10, 100, 1000)
BEYOND = (1, 10, 100, 1000, 5000)
PROCESSES = 4


def run(tell: Callable[[str], None]) -> bool:
    """Play all rounds, and tell them a line for each pair of numbers; False if one was not kept."""
    tell("| limit | clients beyond it | rounds | exact |\n|--:|--:|--:|--:|")
    kept, most = True, raise_limit() - RESERVED
    for limit in LIMITS:
        with serving(limit) as server, workers(PROCESSES, server.port()) as crowds:
            for beyond in BEYOND:
                if limit + beyond > most:
                    tell(f"| {limit} | {beyond:,} | 0: `ulimit -Hn` is too low | |")
                    continue
                rounds = [
                    Round(limit, beyond, turns, way) for way in WAYS for turns in (False, True)
                ]
                wrong = [complaints for each in rounds if (complaints := each.play(crowds))]
                tell(f"| {limit} | {beyond:,} | {len(rounds)} | {len(rounds) - len(wrong)} |")
                for complaints in wrong:
                    tell("\n".join(complaints))
                kept = kept and not wrong
    return kept


@dataclass(frozen=True)
class Round:
    """One round, with clients in several workers."""

    limit: int
    beyond: int
    """How many more clients there are."""
    in_turn: bool
    """Whether each asks when the one before has its answer, or all at once."""
    way: str
    """How those who were served leave, see `crowd.WAYS`."""

    def play(self, workers: Sequence[Worker]) -> list[str]:
        """Play it; tell what did not come as promised."""
        self._connect(workers)
        wrong = self._ask_in_turn(workers) if self.in_turn else self._ask_at_once(workers)
        # Whoever is inside stays inside, however many had to be refused.
        wrong += _compare(_at_once(workers), {SERVED: self.limit})
        if failed := sum(worker.do("leave", self.way) for worker in workers):
            wrong.append(f"{failed} could not leave")
        return [f"{self}: {what}" for what in wrong]

    def _connect(self, workers: Sequence[Worker]) -> None:
        count = self.limit + self.beyond
        for number, worker in enumerate(workers):
            share = count * (number + 1) // len(workers) - count * number // len(workers)
            worker.begin("connect", share)
        for worker in workers:
            worker.result()

    def _ask_at_once(self, workers: Sequence[Worker]) -> list[str]:
        return _compare(_at_once(workers), {SERVED: self.limit, REFUSED: self.beyond})

    def _ask_in_turn(self, workers: Sequence[Worker]) -> list[str]:
        outcomes = [word for worker in workers for word in worker.do("ask in turn")]
        first, others = outcomes[: self.limit], outcomes[self.limit :]
        wrong = _compare(Counter(first), {SERVED: self.limit})
        return wrong + _compare(Counter(others), {REFUSED: self.beyond})


def _at_once(workers: Sequence[Worker]) -> Counter[str]:
    for worker in workers:
        worker.begin("ask at once")
    return sum((Counter[str](worker.result()) for worker in workers), Counter[str]())


def _compare(found: Counter[str], wanted: dict[str, int]) -> list[str]:
    return [] if found == Counter(wanted) else [f"{dict(found)} instead of {wanted}"]
