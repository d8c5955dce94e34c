"""What every test leans on: waiting for a condition, and noticing what a test leaves behind."""

import asyncio
import gc
import logging
import os
import threading
import time
import unittest
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, cast

DEADLINE = 10.0  # seconds; far beyond what any condition needs, so that a slow machine passes


def wait_until(condition: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
    """Return once the condition is true; fail, naming what did not happen, past the deadline.

    The deadline is in seconds.
    """
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > deadline:
            raise AssertionError(f"after {deadline:g} s still not: {what}")
        time.sleep(0.005)


async def eventually(
    condition: Callable[[], object], what: str, deadline: float = DEADLINE
) -> None:
    """Do what `wait_until` does, on the event loop."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > deadline:
            raise AssertionError(f"after {deadline:g} s still not: {what}")
        await asyncio.sleep(0.005)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Have a coroutine run beside the context, to be cancelled at its end."""
    running = asyncio.create_task(work)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})


def open_descriptors() -> set[str]:
    """Tell the process's open descriptors, each as number and target."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} -> {os.readlink(f'/proc/self/fd/{number}')}")
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return found


class TestCase(unittest.TestCase):
    """A test that fails when it leaves a descriptor or a thread behind."""

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test between two looks at what is open."""
        descriptors, threads = open_descriptors(), set(threading.enumerate())
        outcome = super().run(result)
        if result is not None and not result.shouldStop:
            self._compare(result, descriptors, threads)
        return outcome

    def _compare(
        self, result: unittest.TestResult, descriptors: set[str], threads: set[threading.Thread]
    ) -> None:
        def left_open() -> set[str]:
            return open_descriptors() - descriptors

        def left_running() -> set[threading.Thread]:
            return set(threading.enumerate()) - threads

        def check() -> None:
            gc.collect()
            wait_until(lambda: not left_open() and not left_running(), "nothing is left behind", 2)

        try:
            check()
        except AssertionError as error:
            error.add_note(f"left behind: {left_open() or ''} {left_running() or ''}")
            result.addFailure(self, (type(error), error, cast(TracebackType, error.__traceback__)))


class AsyncTestCase(TestCase):
    """A test whose coroutines run on a loop in debug mode; an error in the loop's log fails it."""

    def run_async(self, main: Coroutine[Any, Any, None], deadline: float = 6 * DEADLINE) -> None:
        """Run the coroutine to its end, within a deadline in seconds."""

        async def within() -> None:
            async with asyncio.timeout(deadline):
                await main

        with self.assertNoLogs("asyncio", logging.ERROR):
            asyncio.run(within(), debug=True)
