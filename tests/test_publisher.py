"""The publisher, with real sockets in the place of servers."""

import asyncio
import errno
import logging
import os
import socket
import tempfile
import weakref
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from client import publisher as publishing
from client.claim import Claim
from client.publisher import Publication, Publisher
from client.render import Edition, render
from shared import boot_clock
from shared.frame import HEADER_SIZE, Header, checksum, decode_header, decode_snapshot
from shared.snapshot import Snapshot
from tests.support import DEADLINE, AsyncTestCase, beside, eventually


def publication(*items: str, succeeded: float = 0.0, padding: int = 0) -> Publication:
    """Make a publication of some items, and of many more as padding."""
    packed = "".join(items).encode() + b"".join(b"%08x" % n for n in range(padding))
    snapshot = render([packed], Edition(), 1000.0)
    return Publication(snapshot, checksum(snapshot), succeeded)


class Receiver:
    """What a server does with the socket: it reads frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def read(self, size: int) -> bytes:
        """Read exactly so many bytes."""
        data = b""
        while len(data) < size:
            piece = await asyncio.get_running_loop().sock_recv(self._connection, size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    async def frame(self) -> tuple[Header, Snapshot | None]:
        """Read one frame."""
        header = decode_header(await self.read(HEADER_SIZE))
        if header.kind == b"R":
            return header, None
        identity = await self.read(header.identity_length)
        gzip = await self.read(header.gzip_length)
        return header, decode_snapshot(header, identity, gzip, header.payload_checksum)


class Pushing(AsyncTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "snapshot.sock"
        self.log = self.enterContext(self.assertLogs("client", logging.DEBUG)).output
        logging.getLogger("client").debug("so that something is logged")

    def publish(self, act: Callable[[Publisher], Coroutine[Any, Any, None]]) -> None:
        """Run a publisher for as long as the act takes."""

        async def main() -> None:
            publisher = Publisher(self.path)
            async with beside(publisher.run()):
                await act(publisher)
            self.assertFalse(self.path.exists())

        self.run_async(main())

    async def connect(self) -> Receiver:
        """Connect as a server does."""
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, os.fspath(self.path))
        return Receiver(connection)

    def logged(self, text: str) -> int:
        """Count the lines that hold a text."""
        return sum(text in line for line in self.log)

    def test_every_server_gets_what_is_published(self) -> None:
        async def act(publisher: Publisher) -> None:
            servers = [await self.connect() for _ in range(3)]
            await eventually(lambda: self.logged("server connected") == 3, "three are connected")
            first = publication("630e1244", succeeded=boot_clock.now() - 30)
            self.assertEqual(publisher.publish(first), 3)
            for server in servers:
                header, snapshot = await server.frame()
                self.assertEqual(snapshot, first.snapshot)
                self.assertGreaterEqual(header.age, 30)
                self.assertLess(header.age, 90)

        self.publish(act)

    def test_who_comes_late_gets_the_current_snapshot_at_once(self) -> None:
        async def act(publisher: Publisher) -> None:
            current = publication("630e1244")
            publisher.publish(publication("5f4a8990"))
            publisher.publish(current)
            server = await self.connect()
            self.assertEqual((await server.frame())[1], current.snapshot)

        self.publish(act)

    def test_unchanged_data_is_not_sent_again_but_its_age_is(self) -> None:
        async def act(publisher: Publisher) -> None:
            server = await self.connect()
            current = publication("630e1244", succeeded=boot_clock.now() - 600)
            publisher.publish(current)
            self.assertEqual((await server.frame())[1], current.snapshot)
            publisher.publish(replace(current, succeeded=boot_clock.now()))
            header, snapshot = await server.frame()
            self.assertIsNone(snapshot)
            self.assertEqual(header.identity_digest, current.snapshot.identity_digest)
            self.assertLess(header.age, 300)

        self.publish(act)

    def test_a_slow_server_holds_up_nobody_and_gets_the_newest_next(self) -> None:
        async def act(publisher: Publisher) -> None:
            slow, quick = await self.connect(), await self.connect()
            await eventually(lambda: self.logged("server connected") == 2, "both are connected")
            large = publication(padding=200_000)
            publisher.publish(large)
            self.assertEqual((await quick.frame())[1], large.snapshot)
            for number in range(10):
                small = publication(f"{number:08x}")
                publisher.publish(small)
                self.assertEqual((await quick.frame())[1], small.snapshot)
            self.assertEqual((await slow.frame())[1], large.snapshot)
            self.assertEqual((await slow.frame())[1], small.snapshot)

        self.publish(act)

    def test_those_that_came_first_are_served_first(self) -> None:
        async def act(publisher: Publisher) -> None:
            served = list[int]()

            async def read(number: int, server: Receiver) -> None:
                await server.frame()
                served.append(number)

            servers = await self._connect_in_turn(5)
            async with asyncio.TaskGroup() as tasks:
                for number, server in reversed(list(enumerate(servers))):
                    tasks.create_task(read(number, server))
                publisher.publish(publication(padding=200_000))
            self.assertEqual(served, [0, 1, 2, 3, 4])

        with (
            mock.patch.object(publishing, "TURNS", 1),
            mock.patch.object(publishing, "QUICK", DEADLINE),
        ):
            self.publish(act)

    async def _connect_in_turn(self, count: int) -> list[Receiver]:
        servers = list[Receiver]()
        while len(servers) < count:
            servers.append(await self.connect())
            await eventually(
                lambda: self.logged("server connected") == len(servers), "it is connected"
            )
        return servers

    def test_who_came_first_and_takes_nothing_holds_up_nobody(self) -> None:
        async def act(publisher: Publisher) -> None:
            *stuck, quick = await self._connect_in_turn(3 * publishing.TURNS + 1)
            large = publication(padding=200_000)
            publisher.publish(large)
            async with asyncio.timeout(2.0):
                self.assertEqual((await quick.frame())[1], large.snapshot)
            for server in stuck:
                self.assertEqual((await server.frame())[1], large.snapshot)

        self.publish(act)

    def test_who_leaves_in_its_turn_gives_it_to_the_next(self) -> None:
        async def act(publisher: Publisher) -> None:
            leaving, staying = await self._connect_in_turn(2)
            large = publication(padding=200_000)
            publisher.publish(large)
            await leaving.read(HEADER_SIZE)
            leaving._connection.close()
            self.assertEqual((await staying.frame())[1], large.snapshot)

        with (
            mock.patch.object(publishing, "TURNS", 1),
            mock.patch.object(publishing, "QUICK", 10 * DEADLINE),
        ):
            self.publish(act)

    def test_a_server_that_never_reads_is_dropped(self) -> None:
        async def act(publisher: Publisher) -> None:
            server = await self.connect()
            publisher.publish(publication(padding=200_000))
            await eventually(lambda: self.logged("server gone"), "it is dropped")
            with self.assertRaises(EOFError):
                await server.read(10_000_000)

        with mock.patch.object(publishing, "PATIENCE", 0.1):
            self.publish(act)

    def test_past_snapshots_that_slow_servers_hold_are_bounded(self) -> None:
        async def act(publisher: Publisher) -> None:
            held = list[weakref.ref[Any]]()
            for number in range(2 * publishing.MOST_PAST):
                await self.connect()
                await eventually(
                    lambda: self.logged("server connected") == number + 1,  # noqa: B023
                    "another one that takes nothing is connected",
                )
                held.append(self._publish_another(publisher, number))

            def there() -> int:
                return sum(reference() is not None for reference in held)

            await eventually(lambda: there() <= publishing.MOST_PAST + 1, "the others are gone")
            self.assertLess(self.logged("server gone"), publishing.MOST_PAST + 1)

        with mock.patch.object(publishing, "PATIENCE", 10 * DEADLINE):
            self.publish(act)

    def _publish_another(self, publisher: Publisher, number: int) -> "weakref.ref[Any]":
        """Publish something large; tell what lives as long as its snapshot."""
        current = publication(f"{number:08x}", padding=100_000)
        identity = memoryview(current.snapshot.identity)
        publisher.publish(replace(current, snapshot=replace(current.snapshot, identity=identity)))
        return weakref.ref(identity)

    def test_servers_that_go_in_whatever_way_are_forgotten(self) -> None:
        async def act(publisher: Publisher) -> None:
            leaving, talking, cutting = [await self.connect() for _ in range(3)]
            await eventually(lambda: self.logged("server connected") == 3, "three are connected")
            leaving._connection.close()
            talking._connection.send(b"GET / HTTP/1.1\r\n\r\n")
            publisher.publish(publication(padding=200_000))
            await cutting.read(HEADER_SIZE)
            cutting._connection.close()
            await eventually(lambda: self.logged("server gone") == 3, "all are forgotten")
            self.assertEqual(publisher.publish(publication("630e1244")), 0)

        self.publish(act)

    def test_where_no_descriptor_is_left_a_server_waits_until_one_is(self) -> None:
        async def act(publisher: Publisher) -> None:
            publisher.publish(publication("630e1244"))
            refused = OSError(errno.EMFILE, "Too many open files")
            with mock.patch.object(socket.socket, "accept", side_effect=refused):
                server = await self.connect()
                await eventually(lambda: self.logged("cannot be accepted"), "it is told")
                await asyncio.sleep(0.1)  # time for more lines than one, were there any
            self.assertIsNotNone((await server.frame())[1])
            self.assertEqual(self.logged("cannot be accepted"), 1)

        with mock.patch.object(publishing, "REST", 0.02):
            self.publish(act)

    def test_a_socket_file_that_is_lost_is_put_back(self) -> None:
        async def act(publisher: Publisher) -> None:
            before = await self.connect()
            await eventually(lambda: self.logged("server connected"), "it is connected")
            for lose in (os.unlink, self._replace):
                lose(self.path)
                await eventually(self._listens, "the socket is back")
            current = publication("630e1244")
            publisher.publish(current)
            after = await self.connect()
            self.assertEqual((await before.frame())[1], current.snapshot)
            self.assertEqual((await after.frame())[1], current.snapshot)

        with mock.patch.object(publishing, "LOOK_INTERVAL", 0.02):
            self.publish(act)

    def _replace(self, path: Path) -> None:
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(os.fspath(path))

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.fspath(self.path)) == 0

    def test_what_keeps_the_socket_from_being_put_back_is_told_once(self) -> None:
        async def act(publisher: Publisher) -> None:
            os.unlink(self.path)
            self.path.write_text("in the way")
            await eventually(lambda: self.logged("cannot be put back"), "the obstacle is told")
            await asyncio.sleep(0.1)  # time for more lines than one, were there any
            self.assertEqual(self.logged("cannot be put back"), 1)
            os.unlink(self.path)
            await eventually(lambda: self.logged("socket file put back"), "it is put back")

        with mock.patch.object(publishing, "LOOK_INTERVAL", 0.02):
            self.publish(act)

    def test_a_socket_of_another_client_is_not_removed_at_the_end(self) -> None:
        async def main() -> None:
            publisher = Publisher(self.path)
            async with beside(publisher.run()):
                await asyncio.sleep(0)
                os.unlink(self.path)
                other = Claim(self.path)
            self.assertTrue(other.in_place())
            other.release()

        self.run_async(main())


class PublishedFrames(AsyncTestCase):
    def test_an_age_is_never_below_zero(self) -> None:
        current = publication("630e1244", succeeded=100.0)
        header = decode_header(bytes(current.frame(None, 50.0)[0]))
        self.assertEqual(header.age, 0)

    def test_the_frame_depends_on_what_was_sent_before(self) -> None:
        current, other = publication("630e1244"), publication("5f4a8990")
        self.assertEqual(len(current.frame(None, 1.0)), 3)
        self.assertEqual(len(current.frame(other.snapshot, 1.0)), 3)
        self.assertEqual(len(current.frame(current.snapshot, 1.0)), 1)
