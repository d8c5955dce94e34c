"""Work off the event loop."""

import asyncio
import contextlib
import gc
import threading
import weakref
from unittest import mock

from client.worker import NoThreadError, in_thread
from tests.support import DEADLINE, AsyncTestCase, eventually


class Work(AsyncTestCase):
    def test_what_a_function_returns_is_returned(self) -> None:
        async def main() -> None:
            self.assertEqual(await in_thread("work", lambda: 42), 42)

        self.run_async(main())

    def test_what_a_function_raises_is_raised(self) -> None:
        async def main() -> None:
            with self.assertRaises(ZeroDivisionError):
                await in_thread("work", lambda: 1 // 0)

        self.run_async(main())

    def test_an_error_keeps_nothing_alive_once_it_is_dealt_with(self) -> None:
        """Not even until the collector of cycles comes by: it may be a body of many megabytes."""

        class Body:
            pass

        bodies: list[weakref.ref[Body]] = []

        def work() -> None:
            body = Body()
            bodies.append(weakref.ref(body))
            raise ValueError(str(id(body)))

        async def main() -> None:
            with contextlib.suppress(ValueError):
                await in_thread("work", work)
            await eventually(lambda: bodies[0]() is None, "the body is gone", 2)

        gc.disable()
        self.addCleanup(gc.enable)
        self.run_async(main())

    def test_a_thread_that_cannot_be_started_is_an_error(self) -> None:
        async def main() -> None:
            refused = RuntimeError("can't start new thread")
            with (
                mock.patch.object(threading.Thread, "start", side_effect=refused),
                self.assertRaisesRegex(NoThreadError, "can't start new thread"),
            ):
                await in_thread("work", lambda: 42)
            self.assertEqual(await in_thread("work", lambda: 42), 42)

        self.run_async(main())

    def test_the_loop_goes_on_meanwhile_and_the_thread_holds_up_no_exit(self) -> None:
        release = threading.Event()

        def work() -> bool:
            self.assertTrue(threading.current_thread().daemon)
            return release.wait(DEADLINE)

        async def main() -> None:
            working = asyncio.create_task(in_thread("work", work))
            await asyncio.sleep(0)
            release.set()
            self.assertTrue(await working)

        self.run_async(main())

    def test_a_caller_that_is_cancelled_leaves_the_thread_to_end_by_itself(self) -> None:
        release, ended = threading.Event(), threading.Event()

        def work() -> None:
            release.wait(DEADLINE)
            ended.set()

        async def main() -> None:
            working = asyncio.create_task(in_thread("work", work))
            await asyncio.sleep(0)
            working.cancel()
            await asyncio.wait({working})
            self.assertTrue(working.cancelled())
            release.set()
            while not ended.is_set():
                await asyncio.sleep(0.001)

        self.run_async(main())

    def test_a_thread_that_outlives_the_loop_ends_quietly(self) -> None:
        release = threading.Event()

        async def main() -> None:
            working = asyncio.create_task(in_thread("work", lambda: release.wait(DEADLINE)))
            await asyncio.sleep(0)
            working.cancel()

        self.run_async(main())
        release.set()
