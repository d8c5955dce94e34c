"""The responder: answers the inquiries that reach a running program."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress

from shared import inquiry
from shared.logs import event

PATIENCE = 2.0  # seconds that one who asks may take
BACKLOG = 8  # who asks at the same moment
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
        # Who asks and goes, or never asks, is no news.
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(PATIENCE):
                question = (await reader.readline()).decode().rstrip("\n")
                answer = self._answers.get(question)
                if answer and self._may_ask(writer):
                    writer.write(answer().encode())
                    await writer.drain()
        writer.close()

    def _may_ask(self, writer: asyncio.StreamWriter) -> bool:
        """Tell whether it is this program's user who asks, or root: an address has no mode."""
        return inquiry.peer(writer.get_extra_info("socket")) in (0, os.geteuid())
