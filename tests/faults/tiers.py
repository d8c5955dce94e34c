"""Tiers: two gateways poll the endpoints, a third polls the two, and one below dies meanwhile."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.containers import served
from tests.faults.callers import Judge, calling
from tests.faults.endpoints import Record
from tests.faults.installation import PERIODS, Installation
from tests.faults.kills import served_by_all, told
from tests.faults.model import Versions, WrongAnswerError, merged, named
from tests.support import wait_until

TIMES = 30
PAUSES = (0.1, 0.5)  # seconds from one kill to the next: the least, the most
ENDPOINTS = len(PERIODS)


def run(tell: Callable[[str], None], times: int = TIMES, seed: int = 0) -> bool:
    """Kill a program of the lower tier so often; False where callers of the upper one saw it."""
    chance = random.Random(seed)
    with ExitStack() as running:
        first = running.enter_context(Installation(servers=1))
        second = running.enter_context(Installation(servers=1, urls=first.urls))
        lower = (first, second)
        ports = [each.servers["server-0"].port for each in lower]
        urls = tuple(f"http://127.0.0.1:{port}/" for port in ports)
        upper = running.enter_context(Installation(servers=1, periods=(0.05, 0.1), urls=urls))
        for each in lower:
            each.start(*each.names)
        # Before the upper one is started: an answer of one alone looks like one of both that agree.
        wait_until(lambda: all(map(served, ports)), "the lower tier serves")
        upper.start(*upper.names)
        judge = judge_by(first.record)
        servers = list(upper.servers.values())
        with calling(servers, judge, 2 * ENDPOINTS) as callers:
            wait_until(lambda: served_by_all(upper), "the upper tier serves")
            for number in range(times):
                time.sleep(chance.uniform(*PAUSES))
                victim = lower[number % 2]
                name = chance.choice(("client", "server-0"))
                victim.kill(name)
                victim.start(name)
            wanted = first.versions() * 2
            wait_until(lambda: callers.have(wanted), f"{wanted} are served in the upper tier")
        confirmed = len(upper.program("client").logged("outcome=not-modified"))
    tell(f"{times:7,} × a client or a server of the lower tier killed")
    tell(f"{confirmed:7,} × the upper client was told 304")
    return told(tell, callers) and confirmed > 0


def judge_by(record: Record) -> Judge:
    """Make a judge of what is merged from two merges of what the endpoints have sent.

    It tells of which versions the first is made, and then the second.
    """

    def judge(strings: list[str]) -> Versions:
        both = recognized(strings)
        sent = record.update().sent
        for number, version in enumerate(both):
            if version and version not in sent[number % ENDPOINTS]:
                raise WrongAnswerError(f"endpoint {number % ENDPOINTS} never sent {version}")
        return both

    return judge


def recognized(strings: list[str]) -> Versions:
    """Tell of which two merges an answer is the merge. Raises WrongAnswerError.

    All of the first comes before what only the second has. So of two versions of an endpoint, the
    one met first is the first's.
    """
    found = [list[int]() for _ in range(ENDPOINTS)]
    for string in strings:
        if name := named(string):
            found[name[0]].append(name[1])
    first = tuple(versions[0] if versions else 0 for versions in found)
    second = tuple(versions[-1] if versions else 0 for versions in found)
    for both in ((first, second), (first, (0,) * ENDPOINTS), ((0,) * ENDPOINTS, second)):
        if strings == list(dict.fromkeys(merged(both[0]) + merged(both[1]))):
            return both[0] + both[1]
    raise WrongAnswerError(f"it is no merge of the merges {first} and {second}")
