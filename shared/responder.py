"""The responder: answers the inquiries that reach a running program."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping

from shared import inquiry
from shared.logs import event

PATIENCE = 2.0  # seconds that one who asks may take
BACKLOG = 128  # who asks at the same moment; one more would be turned away at once
RETRY_INTERVAL = 1.0  # seconds between two tries to take the address
LONGEST_QUESTION = 64  # bytes

Answers = Mapping[str, Callable[[], str]]
"""By question. Each is called on the loop, so that an answer is a proof that this turns."""


class Responder:
    """Listens at an address for as long as a program runs."""

    def __init__(self, program: str, address: str, answers: Answers) -> None:
        """Answer the questions that `answers` knows."""
        self._log = logging.getLogger(program)
        self._address = address
        self._answers = answers
        self._serving: dict[asyncio.Task[object], asyncio.StreamWriter] = {}

    async def beside(self, work: Coroutine[object, object, None]) -> None:
        """Answer while the program does its work, and no longer."""
        answering = asyncio.create_task(self._run())
        try:
            await work
        finally:
            answering.cancel()
            await asyncio.wait({answering})

    async def _run(self) -> None:
        server = await self._listen()
        try:
            await asyncio.get_running_loop().create_future()  # until it is cancelled
        finally:
            server.close()
            for writer in self._serving.values():
                writer.transport.abort()
            if self._serving:  # they end by themselves then; cancelled, asyncio would log them
                await asyncio.wait(self._serving, timeout=PATIENCE)

    async def _listen(self) -> asyncio.AbstractServer:
        """Take the address; one that a predecessor still has is free a little later."""
        told = False
        while True:
            try:
                return await asyncio.start_unix_server(
                    self._serve, self._address, backlog=BACKLOG, limit=LONGEST_QUESTION
                )
            except OSError as error:
                if not told:
                    told = True
                    self._log.warning(
                        "status and health cannot be asked for, to be tried again",
                        extra=event(reason=error.strerror or str(error)),
                    )
                await asyncio.sleep(RETRY_INTERVAL)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task, "asyncio serves each in a task"
        self._serving[task] = writer
        try:
            async with asyncio.timeout(PATIENCE):
                await self._answer(reader, writer)
        except TimeoutError:  # who never asks, or does not read
            writer.transport.abort()
        except (OSError, ValueError):  # who asks and goes, or asks what is no question
            pass  # that is no news
        finally:
            writer.close()
            del self._serving[task]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # First of all, for a stranger is to hold no descriptor; an address has no mode.
        if not inquiry.is_trusted(writer.get_extra_info("socket")):
            return
        question = (await reader.readline()).decode().rstrip("\n")
        if answer := self._answers.get(question):
            writer.write(answer().encode())
            writer.close()
            await writer.wait_closed()
