"""Floods: clients beyond the limit, so many a second, whether or not the server keeps up."""

import os
import select
import time
from collections import Counter

from tests.load.crowd import PATIENCE, Client
from tests.load.outcome import HANGING

BURST = 50  # clients that come at once: harder to bear than one after the other


def flood(port: int, rate: int, seconds: float) -> tuple[Counter[str], float]:
    """Have `rate` clients a second connect, ask and read their answer, in bursts.

    Tell how many had which outcome, and how many seconds it took until the last one had it.
    """
    # As if it came from another machine: whoever else wants the processor here has it at once.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    tally, asking, bursts = Counter[str](), dict[int, Client](), 0
    started = time.monotonic()
    with select.epoll() as epoll:
        while asking or bursts < int(rate * seconds / BURST):
            elapsed = time.monotonic() - started
            if elapsed > seconds + PATIENCE:
                tally[HANGING] += len(asking)
                break
            if bursts < int(min(elapsed, seconds) * rate / BURST):
                bursts += 1
                for client in [Client(port) for _ in range(BURST)]:
                    client.ask()
                    asking[client.socket.fileno()] = client
                    epoll.register(client.socket, select.EPOLLIN)
            for descriptor, _ in epoll.poll(0.001):
                if word := asking[descriptor].read():
                    tally[word] += 1
                    asking.pop(descriptor).socket.close()
    return tally, time.monotonic() - started
