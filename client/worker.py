"""Work off the event loop, in daemon threads: they hold up neither the loop nor the exit."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NoThreadError(Exception):
    """The system refuses one more thread; the text is its own."""


async def in_thread(name: str, function: Callable[[], T]) -> T:
    """Run a function in a daemon thread of its own; return what it returns, raise what it raises.

    The threads of the loop's executor would be joined at the interpreter's exit, however long
    they hang. Cancelling the caller leaves the thread to end by itself, its result unwanted.
    Raises NoThreadError where the system refuses one more thread.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    thread = threading.Thread(target=_work, args=(loop, done, function), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThreadError(str(error)) from None
    try:
        return await done
    finally:
        # An error holds the frames that it went through. Were it held by one of them in turn, all
        # that they hold, whole bodies, would stay until the collector of cycles comes by.
        del done, thread


def _work(
    loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], function: Callable[[], T]
) -> None:
    result, failure = None, None
    try:
        result = function()
    except BaseException as error:  # handed on, to be raised where it is awaited
        failure = error
    try:
        loop.call_soon_threadsafe(_deliver, done, result, failure)
    except RuntimeError:
        return  # the loop is closed: the program ends, and nobody waits for this any more
    finally:
        del done, failure  # see above


def _deliver(done: asyncio.Future[T], result: T | None, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)  # type: ignore[arg-type]  # a T where there is no error
    else:
        done.set_exception(error)
