"""The responder: whose inquiries are answered, and that none holds up another."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any
from unittest import mock

from shared import inquiry, responder
from shared.inquiry import InquiryError
from shared.responder import Responder
from tests.processes import as_root
from tests.support import AsyncTestCase, eventually, open_descriptors

ASKER = 65_534  # a user who is not root


class Responding(AsyncTestCase):
    def setUp(self) -> None:
        self.address = inquiry.address("tested", f"{os.getpid()}-{self.id()[-40:]}")
        self.answers: dict[str, Callable[[], str]] = {
            "live": lambda: "ok",
            "status": lambda: "x" * 1_000_000,
        }

    async def ask(self, question: str) -> str:
        """Ask from a thread, as another process would."""
        return await asyncio.to_thread(inquiry.ask, self.address, question)

    def beside(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do some work beside a responder that has its address."""

        async def main() -> None:
            async def work_then() -> None:
                await eventually(self.listens, "it listens")
                await work()

            await Responder("tested", self.address, self.answers).beside(work_then())

        self.run_async(main())

    def listens(self) -> bool:
        """Tell whether something listens at the address."""
        return self.address[1:].rpartition("/")[2] in inquiry.places("tested")

    def test_each_question_has_its_answer(self) -> None:
        async def work() -> None:
            self.assertEqual(await self.ask("live"), "ok")
            self.assertEqual(await self.ask("status"), "x" * 1_000_000)

        self.beside(work)

    def test_what_is_no_question_has_none(self) -> None:
        async def work() -> None:
            for question in ("", "lives", "x" * 1000, "\0", "live\r"):
                with self.subTest(question), self.assertRaises(InquiryError):
                    await self.ask(question)
            self.assertEqual(await self.ask("live"), "ok")

        self.beside(work)

    def test_those_who_connect_and_say_nothing_hold_up_nobody(self) -> None:
        async def work() -> None:
            silent = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            try:
                for each in silent:
                    each.connect(self.address)
                self.assertEqual(await self.ask("live"), "ok")
                await asyncio.to_thread(self.wait_for_end, silent[0])
            finally:
                for each in silent:
                    each.close()

        with mock.patch.object(responder, "PATIENCE", 0.2):
            self.beside(work)

    def test_one_who_does_not_read_is_not_kept(self) -> None:
        async def work() -> None:
            with socket.socket(socket.AF_UNIX) as deaf:
                before = len(open_descriptors())
                deaf.connect(self.address)
                deaf.sendall(b"status\n")
                await eventually(lambda: len(open_descriptors()) > before, "it is accepted")
                await eventually(lambda: len(open_descriptors()) == before, "it is dropped")

        with mock.patch.object(responder, "PATIENCE", 0.2):
            self.beside(work)

    def test_the_end_waits_for_nobody_who_asks(self) -> None:
        async def work() -> None:
            self.silent = socket.socket(socket.AF_UNIX)
            self.addCleanup(self.silent.close)
            self.silent.connect(self.address)
            await asyncio.sleep(0.05)  # to be accepted, be it or not

        with self.assertNoLogs():
            self.beside(work)

    def wait_for_end(self, connection: socket.socket) -> None:
        """Read a connection to its end."""
        connection.settimeout(5)
        self.assertEqual(connection.recv(1), b"")

    def test_the_address_is_free_when_the_work_is_done(self) -> None:
        async def work() -> None:
            self.assertTrue(self.listens())

        self.beside(work)
        self.assertFalse(self.listens())

    def test_an_address_that_is_taken_is_had_once_it_is_free(self) -> None:
        with socket.socket(socket.AF_UNIX) as taken:
            taken.bind(self.address)

            async def main() -> None:
                async def work() -> None:
                    await eventually(lambda: logs.output, "it is told")
                    taken.close()
                    await eventually(self.listens, "the responder has it")
                    self.assertEqual(await self.ask("live"), "ok")

                await Responder("tested", self.address, self.answers).beside(work())

            with (
                mock.patch.object(responder, "RETRY_INTERVAL", 0.01),
                self.assertLogs("tested", logging.WARNING) as logs,
            ):
                self.run_async(main())
        self.assertEqual(len(logs.output), 1)

    def test_another_user_is_not_answered(self) -> None:
        script = f"""
import os
from shared.inquiry import InquiryError, ask
asked = ask({self.address!r}, "live")
os.setuid({ASKER})
try:
    ask({self.address!r}, "live")
except InquiryError as error:
    print(asked, error)
"""

        async def work() -> None:
            told = await asyncio.to_thread(as_root, self, script)
            self.assertEqual(told, "ok it does not answer this user, or not this question\n")

        self.beside(work)

    def test_an_answer_waits_for_the_loop(self) -> None:
        """So it is a proof that the loop turns."""

        async def work() -> None:
            asking = asyncio.create_task(self.ask("live"))
            await asyncio.sleep(0)
            begun = time.monotonic()
            while time.monotonic() - begun < 0.2:
                self.assertFalse(asking.done())
            self.assertEqual(await asking, "ok")

        self.beside(work)
