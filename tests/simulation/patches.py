"""What is replaced in the programs for a simulation: all of it is here."""

import functools
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tests.simulation.disk import MemoryFile
from tests.simulation.network import Claim
from tests.simulation.story import Story
from tests.simulation.world import World

_LOGGERS = [logging.getLogger(name) for name in ("client", "server", "asyncio")]
_SILENT = logging.CRITICAL + 1


def _replacements(world: World) -> dict[str, Any]:
    network, clock = world.network, world.clock
    sockets = SimpleNamespace(
        socket=network.socket, AF_UNIX=socket.AF_UNIX, SOCK_STREAM=socket.SOCK_STREAM
    )
    return {
        "time.monotonic": clock.monotonic,
        "time.time": clock.wall,
        "time.clock_gettime": clock.gettime,
        "client.moment._boot": lambda: "this one",
        "client.publisher.Claim": functools.partial(Claim, network),
        "client.memory.StateFile": functools.partial(MemoryFile, world.disk),
        "client.poll.fetch": world.fetch,
        "client.poll.in_thread": world.in_thread,
        "client.memory.in_thread": world.in_thread,
        "client.gateway.in_thread": world.in_thread,
        "server.backoff.random": world.chance("back-off"),
        "server.subscription.socket": sockets,
        "server.subscription.os": SimpleNamespace(fspath=os.fspath, stat=network.stat),
    }


@contextmanager
def in_place(world: World, is_logged: bool) -> Iterator[None]:
    """Have the programs live in a world while the context lasts.

    What they log is part of the story where `is_logged`, else it is dropped.
    """
    with ExitStack() as stack:
        stack.enter_context(_logging(world.story if is_logged else None))
        for name, replacement in _replacements(world).items():
            stack.enter_context(mock.patch(name, replacement))
        yield


class _IntoStory(logging.Handler):
    """A handler for which what a program logs is part of the story."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self._story = story

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "event", {})
        self._story.remark(record.name, " ".join([record.getMessage(), str(fields)]))


@contextmanager
def _logging(story: Story | None) -> Iterator[None]:
    before = [(log, log.level, log.propagate, log.handlers) for log in _LOGGERS]
    for log in _LOGGERS:
        log.setLevel(logging.DEBUG if story else _SILENT)
        log.handlers, log.propagate = [_IntoStory(story)] if story else [], False
    try:
        yield
    finally:
        for log, level, propagate, handlers in before:
            log.setLevel(level)
            log.handlers, log.propagate = handlers, propagate
