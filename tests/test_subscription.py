"""The subscription: the client's real publisher, or a stranger, at the other end of the socket."""

import asyncio
import logging
import os
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from client.publisher import Publication, Publisher
from server import backoff, subscription
from server.subscription import Subscription
from shared import boot_clock, frame
from shared.logs import Field
from shared.snapshot import Snapshot
from tests.samples import snapshot
from tests.support import AsyncTestCase, beside, eventually

SMALL = snapshot()
LARGE = snapshot(padding=200_000)
CONNECTED, LOST = "connected to the client", "not connected to the client"


def whole(sent: Snapshot, age: float = 1.0) -> bytes:
    """Render the frame of a snapshot in one piece."""
    pieces = frame.encode_snapshot(sent, age, frame.checksum(sent))
    return b"".join(map(bytes, pieces))


class Held:
    """Takes what a subscription brings."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.ages: list[float] = []

    def take(self, taken: Snapshot, age: float) -> None:
        """Keep the snapshot."""
        self.snapshots.append(taken)
        self.ages.append(age)

    def renew(self, digest: bytes, age: float) -> bool:
        """Keep the age, if it is that of the last snapshot."""
        if not self.snapshots or self.snapshots[-1].identity_digest != digest:
            return False
        self.ages.append(age)
        return True


class Subscribing(AsyncTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "snapshot.sock"
        self.held = Held()
        self.records = self.enterContext(self.assertLogs("server", logging.DEBUG)).records
        logging.getLogger("server").debug("so that something is logged")
        # Tests that lose the connection a hundred times need not wait as long for each.
        self.enterContext(mock.patch.object(backoff, "CAP", 0.01))

    def subscribe(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a subscription for as long as the act takes."""

        async def main() -> None:
            async with beside(Subscription(self.path, self.held).run()):
                await act()

        self.run_async(main())

    async def holds(self, expected: Snapshot) -> None:
        """Wait until it has come."""
        await eventually(lambda: self.held.snapshots[-1:] == [expected], "the snapshot is there")

    def told(self, message: str) -> list[dict[str, Field]]:
        """Tell the fields of the events with this message."""
        return [
            record.__dict__["event"] for record in self.records[:] if record.getMessage() == message
        ]

    def reasons(self) -> list[Field]:
        """Tell why there was no connection, as logged."""
        return [fields["reason"] for fields in self.told(LOST)]


class WithAClient(Subscribing):
    async def published(self, act: Callable[[Publisher], Coroutine[Any, Any, None]]) -> None:
        """Run a publisher for as long as the act takes."""
        publisher = Publisher(self.path)
        async with beside(publisher.run()):
            await act(publisher)

    def test_what_is_published_comes_whole_with_its_age(self) -> None:
        async def act(publisher: Publisher) -> None:
            for sent in (SMALL, LARGE, snapshot("12345678")):
                succeeded = boot_clock.now() - 60
                publisher.publish(Publication(sent, frame.checksum(sent), succeeded))
                await self.holds(sent)
                self.assertGreaterEqual(self.held.ages[-1], 60)
                self.assertLess(self.held.ages[-1], 120)

        self.subscribe(lambda: self.published(act))

    def test_a_renewal_brings_the_age_alone(self) -> None:
        async def act(publisher: Publisher) -> None:
            old = time.monotonic() - 600
            published = Publication(LARGE, frame.checksum(LARGE), old)
            publisher.publish(published)
            await self.holds(LARGE)
            publisher.publish(replace(published, succeeded=old + 500))
            await eventually(lambda: len(self.held.ages) == 2, "the age is renewed")
            self.assertLess(self.held.ages[1], self.held.ages[0] - 100)
            self.assertEqual(len(self.held.snapshots), 1)

        self.subscribe(lambda: self.published(act))

    def test_it_comes_back_when_the_client_does(self) -> None:
        async def act() -> None:
            for sent in (SMALL, LARGE):

                async def publish(publisher: Publisher, sent: Snapshot = sent) -> None:
                    publisher.publish(Publication(sent, frame.checksum(sent), 0.0))
                    await self.holds(sent)

                await self.published(publish)
            await eventually(lambda: len(self.told(LOST)) >= 3, "the loss is told")

        self.subscribe(act)
        self.assertEqual(len(self.told(CONNECTED)), 2)

    def test_a_client_that_is_not_there_is_told_once(self) -> None:
        async def act() -> None:
            await eventually(lambda: self.told(LOST), "it is told")
            await asyncio.sleep(0.1)  # time for more lines than one, were there any

        self.subscribe(act)
        self.assertEqual(self.reasons(), ["No such file or directory"])


class WithAStranger(Subscribing):
    def setUp(self) -> None:
        super().setUp()
        self._listen()

    def _listen(self) -> None:
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(self.listening.close)
        self.listening.bind(os.fspath(self.path))
        self.listening.listen()
        self.listening.setblocking(False)

    async def send(self, data: bytes, close: bool = True) -> socket.socket:
        """Accept the subscription once, send it bytes, and close unless told otherwise."""
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(self.listening)
        self.addCleanup(connection.close)
        try:
            await loop.sock_sendall(connection, data)
        except OSError as error:  # it has seen enough
            self.assertIsInstance(error, ConnectionError)
        if close:
            connection.close()
        return connection

    def refused(self, *frames: bytes) -> list[Field]:
        """Send each on a connection of its own, then a good frame; tell the reasons logged."""

        async def act() -> None:
            for data in frames:
                await self.send(data)
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            connection.close()

        self.subscribe(act)
        self.assertEqual(self.held.snapshots, [SMALL])
        return self.reasons()

    def test_a_frame_cut_at_any_byte_is_dropped(self) -> None:
        data = whole(snapshot("12345678"))
        reasons = self.refused(*(data[:size] for size in range(1, len(data))))
        self.assertTrue(any("it was cut short" in str(reason) for reason in reasons))

    def test_a_frame_with_a_flipped_bit_is_dropped(self) -> None:
        data = bytearray(whole(snapshot("12345678")))
        broken = []
        for offset in range(len(data)):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << offset % 8
            broken.append(bytes(flipped))
        reasons = self.refused(*broken)
        self.assertTrue(any("checksum of its payload" in str(reason) for reason in reasons))
        self.assertTrue(any("checksum of its header" in str(reason) for reason in reasons))

    def test_what_is_no_frame_is_dropped_and_told_once(self) -> None:
        reasons = self.refused(*[b"HTTP/1.1 400 Bad Request\r\n" * 10] * 5)
        self.assertEqual(reasons[:1], ["frame dropped: it begins with b'HTTP', not with b'GWS1'"])
        self.assertEqual(len(self.told(CONNECTED)), 1)
        self.assertLessEqual(len(reasons), 2)

    def test_who_only_ever_closes_is_told_once(self) -> None:
        self.refused(*[b""] * 20)
        self.assertEqual(len(self.told(CONNECTED)), 1)
        self.assertEqual(self.reasons(), ["the client closed the connection"])

    def test_a_renewal_of_what_was_not_sent_is_dropped(self) -> None:
        reasons = self.refused(frame.encode_renewal(LARGE, 1.0))
        self.assertIn("frame dropped: it renews a snapshot that was not sent", reasons)

    def test_who_says_nothing_is_left_once_the_path_leads_elsewhere(self) -> None:
        async def act() -> None:
            silent = await self.send(b"", close=False)
            self._take_path_over()
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            for each in (silent, connection):
                each.close()

        with mock.patch.object(subscription, "LOOK_INTERVAL", 0.02):
            self.subscribe(act)
        self.assertIn("the path leads to another socket now", self.reasons())

    def test_who_says_too_little_is_left_too(self) -> None:
        async def act(*beginnings: bytes) -> None:
            strangers = []
            for data in beginnings:
                strangers.append(await self.send(data, close=False))
                self._take_path_over()
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            for each in (*strangers, connection):
                each.close()

        with mock.patch.object(subscription, "LOOK_INTERVAL", 0.02):
            self.subscribe(lambda: act(b"G", whole(LARGE)[:100], whole(LARGE)[:-1]))
        self.assertEqual(self.held.snapshots, [SMALL])

    def test_who_has_sent_something_good_is_not_left_for_who_has_the_path(self) -> None:
        async def act() -> None:
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            self._take_path_over()
            await asyncio.sleep(0.1)  # time for some looks, were there any
            await asyncio.get_running_loop().sock_sendall(connection, whole(LARGE))
            await self.holds(LARGE)
            connection.close()

        with mock.patch.object(subscription, "LOOK_INTERVAL", 0.02):
            self.subscribe(act)

    def test_a_client_that_has_nothing_to_say_yet_is_not_left(self) -> None:
        async def act() -> None:
            connection = await self.send(b"", close=False)
            await asyncio.sleep(0.1)
            await asyncio.get_running_loop().sock_sendall(connection, whole(SMALL))
            await self.holds(SMALL)
            self.assertEqual(self.reasons(), [])
            connection.close()

        with mock.patch.object(subscription, "LOOK_INTERVAL", 0.02):
            self.subscribe(act)

    def _take_path_over(self) -> None:
        """Listen at the path in the place of who did, whose connections stay."""
        replaced = self.listening
        self.addCleanup(replaced.close)
        os.unlink(self.path)
        self._listen()

    def test_silence_in_the_midst_of_a_frame_is_given_up(self) -> None:
        async def act() -> None:
            silent = await self.send(whole(LARGE)[:100_000], close=False)
            await eventually(lambda: self.told(LOST), "it is given up")
            silent.close()
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            connection.close()

        with mock.patch.object(subscription, "PATIENCE", 0.1):
            self.subscribe(act)
        self.assertEqual(self.reasons()[0], "frame dropped: nothing came of it for 0.1 s")

    def test_silence_between_frames_is_no_fault(self) -> None:
        async def act() -> None:
            connection = await self.send(whole(SMALL), close=False)
            await self.holds(SMALL)
            await asyncio.sleep(0.2)
            await asyncio.get_running_loop().sock_sendall(connection, whole(LARGE))
            await self.holds(LARGE)
            self.assertEqual(self.reasons(), [])
            connection.close()

        with mock.patch.object(subscription, "PATIENCE", 0.1):
            self.subscribe(act)
