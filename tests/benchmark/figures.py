"""Figures: medians over the rounds, and how many times another's they are. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.benchmark.contestant import FLOOR, NGINX
from tests.benchmark.scenario import Scenario
from tests.benchmark.wrk import Load


@dataclass(frozen=True)
class Measurement:
    """One round of one contestant."""

    load: Load
    cpu: float
    """Seconds of processor time, all threads of all its processes."""
    beyond: Load | None = None
    """What those beyond the limit saw, where some came."""

    @property
    def cpu_per_answer(self) -> float:
        """Tell the processor time that an answer took, in µs; a refusal is an answer too."""
        refused = self.beyond.requests if self.beyond else 0
        return self.cpu * 1e6 / (self.load.requests + refused)


Rounds = Sequence[Measurement]


@dataclass
class Race:
    """What became of one scenario."""

    scenario: Scenario
    rounds: dict[str, list[Measurement]] = field(default_factory=dict)
    """By contestant, in the order of the tables."""
    resident: dict[str, int] = field(default_factory=dict)
    """Bytes of memory of each, after the last round."""
    failed: dict[str, str] = field(default_factory=dict)
    """Contestants that failed, and how."""


@dataclass(frozen=True)
class Ratio:
    """How many times another's figures a contestant's are: the median of what each round says."""

    cpu: float
    rate: float


@dataclass(frozen=True)
class Figures:
    """One contestant's in one scenario: medians, and what was counted summed up."""

    contestant: str
    rate: float
    """Answers a second."""
    p50: float
    """Of the latency, in µs."""
    p99: float
    cpu: float
    """µs of processor time an answer."""
    throughput: float
    """Bytes a second."""
    resident: int
    """Bytes of memory."""
    errors: dict[str, int]
    beyond_rate: float
    """Answers a second to those beyond the limit."""
    beyond: dict[str, int]
    """What they got: answers by status, errors by kind."""
    to_nginx: Ratio | None
    """In its better configuration."""
    to_floor: Ratio | None


def figures(race: Race) -> list[Figures]:
    """Tell the figures of all contestants that did not fail."""
    finished = {name: each for name, each in race.rounds.items() if name not in race.failed}
    nginx, floor = better_nginx(finished), finished.get(FLOOR)
    return [
        Figures(
            contestant=name,
            rate=median(each.load.rate for each in rounds),
            p50=median(each.load.p50 for each in rounds),
            p99=median(each.load.p99 for each in rounds),
            cpu=median(each.cpu_per_answer for each in rounds),
            throughput=median(each.load.throughput for each in rounds),
            resident=race.resident[name],
            errors=_sum(each.load.errors for each in rounds),
            beyond_rate=median(each.beyond.rate if each.beyond else 0 for each in rounds),
            beyond=_sum(_outcomes(each.beyond) for each in rounds if each.beyond),
            to_nginx=_ratio(rounds, nginx),
            to_floor=_ratio(rounds, floor),
        )
        for name, rounds in finished.items()
    ]


def better_nginx(rounds: Mapping[str, Rounds]) -> Rounds | None:
    """Tell the rounds of that configuration which takes less processor time an answer."""
    there = [rounds[name] for name in NGINX if name in rounds]
    return min(there, key=lambda each: median(one.cpu_per_answer for one in each), default=None)


def _ratio(rounds: Rounds, others: Rounds | None) -> Ratio | None:
    """Compare round by round: what slows the machine down for a while then slows both."""
    if others is None:
        return None
    pairs = list(zip(rounds, others, strict=True))
    return Ratio(
        cpu=median(one.cpu_per_answer / other.cpu_per_answer for one, other in pairs),
        rate=median(one.load.rate / other.load.rate for one, other in pairs),
    )


def _outcomes(beyond: Load) -> dict[str, int]:
    errors = {kind: count for kind, count in beyond.errors.items() if kind != "status"}
    return beyond.statuses | errors


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for each in counts:
        total.update(each)
    return dict(total)
