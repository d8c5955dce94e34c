"""The event loop of a simulation: where it would wait, the clock is set forward instead."""

import asyncio
import itertools
from collections.abc import Callable
from contextvars import Context
from typing import Any

from tests.simulation.clock import Clock
from tests.simulation.network import End, Listener, Network


class NumberedTask(asyncio.Task[Any]):
    """A task whose hash is its number, so that sets of tasks have the same order in every run."""

    def __init__(self, number: int, coroutine: Any, **options: Any) -> None:
        """Have a number, first of all: a set holds the task before it is complete."""
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


class _Waiting:
    """What the loop takes for its selector."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing can happen any more")
        if timeout > 0:
            self._clock.advance(timeout)
        return []


class Loop(asyncio.BaseEventLoop):
    """A loop without sockets and threads, on a clock of its own.

    `created` is called with each task that begins, and its context where it has one of its own.
    """

    def __init__(
        self,
        clock: Clock,
        network: Network,
        created: Callable[[asyncio.Task[Any], Context | None], None],
    ) -> None:
        """Run on a clock, with this network."""
        super().__init__()
        self.set_debug(False)  # python -X dev would have it take twenty times as long
        self._clock = clock
        self._network = network
        self._created = created
        self._selector = _Waiting(clock)
        self._numbers = itertools.count()
        self.set_task_factory(self._numbered)

    def _numbered(
        self, _: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = NumberedTask(next(self._numbers), coroutine, loop=self, context=context)
        self._created(task, context)
        return task

    def time(self) -> float:
        """Tell the virtual time."""
        return self._clock.monotonic()

    def _process_events(self, events: list[Any]) -> None:
        """Do nothing: the selector has no events."""

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect a fake socket."""
        self._network.connect(sock, address)

    async def sock_accept(self, sock: Any) -> Any:
        """Accept at a fake listening socket."""
        listener: Listener = sock
        return await listener.accept(), ""

    async def sock_recv(self, sock: Any, nbytes: int) -> bytes:
        """Receive from a fake socket."""
        end: End = sock
        return await end.receive(nbytes)

    async def sock_recv_into(self, sock: Any, buf: Any) -> int:
        """Receive from a fake socket into a buffer."""
        end: End = sock
        data = await end.receive(len(buf))
        buf[: len(data)] = data
        return len(data)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        """Send through a fake socket."""
        end: End = sock
        await end.send(data)
