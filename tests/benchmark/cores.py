"""Cores: one for the load and all else here, one for the servers; the same where there is one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

ALL = os.sched_getaffinity(0)
LOAD, SERVERS = {min(ALL)}, {max(ALL)}


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Run on these cores for as long as the context lasts; who is started in it stays there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
