"""Work off the event loop, in daemon threads: they hold up neither the loop nor the exit."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(name: str, function: Callable[[], T]) -> T:
    """Run a function in a daemon thread of its own; return what it returns, raise what it raises.

    The threads of the loop's executor would be joined at the interpreter's exit, however long
    they hang. Cancelling the caller leaves the thread to end by itself, its result unwanted.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # a T where there is no error
        else:
            done.set_exception(error)

    def work() -> None:
        result, failure = None, None
        try:
            result = function()
        except BaseException as error:  # handed on, to be raised where it is awaited
            failure = error
        try:
            loop.call_soon_threadsafe(deliver, result, failure)
        except RuntimeError:
            return  # the loop is closed: the program ends, and nobody waits for this any more

    threading.Thread(target=work, name=name, daemon=True).start()
    return await done
