"""Races: one scenario, all contestants side by side, round after round."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from tests.benchmark import usage
from tests.benchmark.asking import Answer, ask
from tests.benchmark.contestant import Contestant, FailedError, Offer, Started
from tests.benchmark.data import body
from tests.benchmark.figures import Measurement, Race
from tests.benchmark.scenario import Scenario
from tests.benchmark.wrk import Wrk

WARM_UP = 0.5  # seconds of load before the first round
LEAD = 0.3  # seconds in which those inside come in, before those beyond the limit

FAILURES = (FailedError, AssertionError, OSError)
"""What contestants, the helpers that start our programs, and sockets raise."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long it is measured."""

    rounds: int
    seconds: float
    """Of a round, for each contestant."""

    def duration(self, contestants: int) -> float:
        """Tell about how many seconds a scenario takes."""
        start = 0.3  # seconds: to start a contestant, and to ask it once
        switch = 0.15  # seconds: to start and to end wrk
        return contestants * (start + WARM_UP + self.rounds * (self.seconds + switch))


def race(scenario: Scenario, contestants: Sequence[Contestant], plan: Plan, progress: Tell) -> Race:
    """Have the contestants play a scenario; those that fail are told in what becomes of it."""
    found = Race(scenario)
    with ExitStack() as running:
        progress(f"{scenario.name}: starting")
        runners = _start(found, contestants, running)
        for runner in runners:
            _play(found, runner, WARM_UP)
        for number in range(plan.rounds):
            for runner in _rotated(runners, number):
                progress(f"{scenario.name}: round {number + 1} of {plan.rounds}, {runner.name}")
                if measurement := _play(found, runner, plan.seconds):
                    found.rounds[runner.name].append(measurement)
        for runner in runners:
            found.resident[runner.name] = usage.resident(usage.family(runner.started.pid))
    return found


@dataclass(frozen=True)
class _Runner:
    """A contestant that has started and answers as it must."""

    name: str
    started: Started
    fields: tuple[str, ...]
    """Of the header of the scenario's request."""


def _start(found: Race, contestants: Sequence[Contestant], running: ExitStack) -> list[_Runner]:
    offer = Offer(found.scenario, body(found.scenario.strings))
    runners = []
    for contestant in contestants:
        try:
            started = running.enter_context(contestant.serving(offer))
            fields, answer = _first_answer(offer, started)
        except FAILURES as error:
            found.failed[contestant.name] = str(error)
            continue
        runners.append(_Runner(contestant.name, started, fields))
        found.rounds[contestant.name] = []
        offer = replace(offer, answer=offer.answer or answer.head + answer.body)
    return runners


def _first_answer(offer: Offer, started: Started) -> tuple[tuple[str, ...], Answer]:
    """Ask as the scenario does, and tell how, and the answer. Raises FailedError, or OSError."""
    tag = ask(started.port, started.path).field("ETag")
    fields = tuple(offer.scenario.fields(tag))
    answer = ask(started.port, started.path, fields)
    expected = b"" if offer.scenario.conditional else offer.body
    if answer.status != offer.scenario.status or answer.body != expected:
        head = answer.head.decode("latin-1").splitlines()
        raise FailedError(f"it answers {len(answer.body)} bytes, not {len(expected)}, under {head}")
    return fields, answer


def _rotated(runners: list[_Runner], number: int) -> list[_Runner]:
    """Tell the order of a round: nobody always comes first, since the order is shifted by one."""
    first = number % max(1, len(runners))
    return runners[first:] + runners[:first]


def _play(found: Race, runner: _Runner, seconds: float) -> Measurement | None:
    """Measure it for some seconds; one that has failed takes part no more."""
    if runner.name in found.failed:
        return None
    try:
        return measure(found.scenario, runner.started, runner.fields, seconds)
    except FailedError as error:
        found.failed[runner.name] = str(error)
        return None


def measure(
    scenario: Scenario, started: Started, fields: Sequence[str], seconds: float
) -> Measurement:
    """Put load on a contestant for some seconds. Raises FailedError."""
    processes = usage.family(started.pid)
    before = usage.cpu_seconds(processes)
    with Wrk(started.port, scenario.connections, started.path, fields) as inside:
        beyond = None
        if scenario.beyond:
            time.sleep(LEAD)
            with Wrk(started.port, scenario.beyond, started.path, fields, True) as outside:
                beyond = outside.run(seconds)
            load = inside.end()
        else:
            load = inside.run(seconds)
    if not load.requests:
        raise FailedError(f"it answered nothing under load: {load.errors}")
    return Measurement(load, usage.cpu_seconds(processes) - before, beyond)
