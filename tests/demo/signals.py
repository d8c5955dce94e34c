"""The signals that ask a program to end."""

import signal
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

LOOK_INTERVAL = 0.5  # seconds

# SIGHUP too: who closes the terminal must not leave the gateway's programs behind.
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def on_ending(call: Callable[[], object]) -> None:
    """Have the call made for each of these signals: also as process 1, to which they do nothing.

    It is made between any two steps of the main thread, so it must not take a lock.
    """
    for number in ENDINGS:
        signal.signal(number, lambda _number, _frame: call())


def next_of(queue: SimpleQueue[T]) -> T:
    """Return what comes next into a queue, which signals may fill.

    It wakes up now and then: a signal that comes just before the wait begins does not end it.
    """
    while True:
        with suppress(Empty):
            return queue.get(timeout=LOOK_INTERVAL)
