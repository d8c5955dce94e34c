"""The signals that ask a program to end."""

import signal
from collections.abc import Callable

# SIGHUP too: who closes the terminal must not leave the gateway's programs behind.
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def on_ending(call: Callable[[], object]) -> None:
    """Have the call made for each of these signals: also as process 1, to which they do nothing.

    It is made between any two steps of the main thread, so it must not take a lock.
    """
    for number in ENDINGS:
        signal.signal(number, lambda _number, _frame: call())
