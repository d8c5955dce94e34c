"""Work off the event loop."""

import asyncio
import threading

from client.worker import in_thread
from tests.support import DEADLINE, AsyncTestCase


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
