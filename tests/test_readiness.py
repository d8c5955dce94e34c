"""Readiness: which of the watched are called."""

import functools
import itertools
import socket
from collections.abc import Callable

from server.readiness import OTHERS, OTHERS_IN_A_ROW, READABLE, WRITABLE, Readiness
from tests.support import AsyncTestCase, eventually


class Watched:
    """A watched end of a socket pair, which counts its calls and may end the others."""

    def __init__(self, readiness: Readiness, end: socket.socket) -> None:
        self.readiness, self.end = readiness, end
        self.others: list[Watched] = []
        self.calls = 0
        readiness.watch(end.fileno(), self)

    def ready(self) -> None:
        """Count, and end the others."""
        self.calls += 1
        for other in (self, *self.others):
            if other.end.fileno() >= 0:
                other.readiness.forget(other.end.fileno())
                other.end.close()


class Called:
    """Watched, it does what it is told to."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.ready = call


class Watching(AsyncTestCase):
    def pair(self, readiness: Readiness) -> tuple[socket.socket, Watched]:
        """Make a socket pair with one end watched."""
        near, far = self.sockets()
        return near, Watched(readiness, far)

    def sockets(self) -> tuple[socket.socket, socket.socket]:
        """Make a socket pair."""
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        return near, far

    def test_who_has_something_to_read_is_called(self) -> None:
        async def main() -> None:
            readiness = Readiness()
            near, watched = self.pair(readiness)
            _, silent = self.pair(readiness)
            near.send(b"x")
            await eventually(lambda: watched.calls, "it is called")
            self.assertEqual((watched.calls, silent.calls), (1, 0))
            readiness.close()

        self.run_async(main())

    def test_who_is_ended_by_another_of_the_same_batch_is_not_called(self) -> None:
        async def main() -> None:
            readiness = Readiness()
            pairs = [self.pair(readiness) for _ in range(2)]
            first, second = (watched for _, watched in pairs)
            first.others, second.others = [second], [first]
            for near, _ in pairs:
                near.send(b"x")
            await eventually(lambda: first.calls + second.calls, "one is called")
            self.assertEqual(first.calls + second.calls, 1)
            readiness.close()

        self.run_async(main())

    def test_what_is_waited_for_can_change(self) -> None:
        async def main() -> None:
            readiness = Readiness()
            near, watched = self.pair(readiness)
            readiness.change(watched.end.fileno(), WRITABLE)
            await eventually(lambda: watched.calls, "it is called though nothing was sent")
            near.close()
            near, watched = self.pair(readiness)
            readiness.change(watched.end.fileno(), READABLE)
            near.send(b"x")
            await eventually(lambda: watched.calls, "it is called")
            readiness.close()

        self.run_async(main())

    def test_who_is_preferred_need_not_wait_for_all_the_others(self) -> None:
        async def main() -> None:
            readiness, order = Readiness(), list[str]()
            pairs = [self.sockets() for _ in range(21)]
            (inside, preferred), others = pairs[0], pairs[1:]

            def answer() -> None:
                preferred.recv(1)
                order.append("preferred")

            def refuse(other: socket.socket) -> None:
                other.recv(1)
                order.append("other")
                if len(order) == 1:
                    inside.send(b"x")

            readiness.watch(preferred.fileno(), Called(answer))
            readiness.prefer(preferred.fileno())
            for near, far in others:
                readiness.watch(far.fileno(), Called(functools.partial(refuse, far)))
                near.send(b"x")
            await eventually(lambda: len(order) == 21, "all are called")
            self.assertEqual(order.index("preferred"), OTHERS_IN_A_ROW)
            readiness.close()

        self.run_async(main())

    def test_those_who_are_preferred_leave_as_much_for_the_others(self) -> None:
        async def main() -> None:
            readiness, order = Readiness(), list[str]()
            pairs = [self.sockets() for _ in range(30)]
            for number, (near, far) in enumerate(pairs):
                near.send(b"x")
                word = "preferred" if number < 10 else "other"
                readiness.watch(far.fileno(), Called(functools.partial(order.append, word)))
                if number < 10:
                    readiness.prefer(far.fileno())
            await eventually(lambda: order.count("other") >= 20, "all are called")
            runs = [len(list(run)) for word, run in itertools.groupby(order) if word == "other"]
            self.assertEqual(runs[:2], [10, 10])
            readiness.close()

        self.run_async(main())

    def test_as_many_of_the_others_are_found_at_a_time_as_there_are_preferred(self) -> None:
        async def main() -> None:
            readiness, order, many = Readiness(), list[str](), 2 * OTHERS
            for number in range(2 * many):
                near, far = self.sockets()
                near.send(b"x")
                word = "preferred" if number < many else "other"
                readiness.watch(far.fileno(), Called(functools.partial(order.append, word)))
                if number < many:
                    readiness.prefer(far.fileno())
            await eventually(lambda: order.count("other") >= 3 * many, "all are called")
            runs = [len(list(run)) for word, run in itertools.groupby(order) if word == "other"]
            self.assertEqual(max(runs), many)
            readiness.close()

        self.run_async(main())

    def test_who_waits_for_nothing_is_not_called_until_that_changes(self) -> None:
        async def main() -> None:
            readiness = Readiness()
            near, paused = self.pair(readiness)
            readiness.change(paused.end.fileno(), 0)
            near.send(b"x")
            other_near, other = self.pair(readiness)
            other_near.send(b"x")
            await eventually(lambda: other.calls, "another one is called")
            self.assertEqual(paused.calls, 0)
            readiness.change(paused.end.fileno(), READABLE)
            await eventually(lambda: paused.calls, "it is called")
            readiness.close()

        self.run_async(main())

    def test_who_is_preferred_can_wait_for_something_else_too(self) -> None:
        async def main() -> None:
            readiness = Readiness()
            _, watched = self.pair(readiness)
            readiness.prefer(watched.end.fileno())
            readiness.change(watched.end.fileno(), WRITABLE)
            await eventually(lambda: watched.calls, "it is called though nothing was sent")
            readiness.close()

        self.run_async(main())
