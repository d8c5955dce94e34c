"""Simulated processes: what is killed ends at once, and nothing that it still does is seen."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, Protocol


class Held(Protocol):
    """What the system takes back from a process that ends, such as a socket."""

    def close(self) -> None:
        """Take it back."""


class Process:
    """The tasks of one program, and what it holds."""

    def __init__(self, name: str) -> None:
        """Name the process."""
        self.name = name
        self.is_alive = True
        self.held: dict[Held, None] = {}
        """Its open sockets, in the order in which it got them."""
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, main: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run the program's coroutine in it."""
        context = copy_context()
        context.run(_current.set, self)
        task = asyncio.get_running_loop().create_task(main, context=context)
        task.add_done_callback(lambda _: self.end())
        return task

    def end(self) -> None:
        """End it, as a kill does, and as the exit does with what is left."""
        self.is_alive = False
        for held in list(self.held):
            held.close()
        for task in self._tasks:
            task.cancel()

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing of it runs any more."""
        return all(task.done() for task in self._tasks)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Count a task as its own."""
        self._tasks.append(task)


_current: ContextVar[Process] = ContextVar("process")


def current() -> Process:
    """Tell whose code is running."""
    return _current.get()


def adopt(task: asyncio.Task[Any], context: Context | None) -> None:
    """Have a new task belong to the process in whose context it runs, if that is one's."""
    process = context.get(_current) if context else _current.get(None)
    if process:
        process.adopt(task)
