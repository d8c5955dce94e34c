"""The connections: what is done with all of them."""

import asyncio
import socket
import time
from unittest import mock

from server import connections as connecting
from server.connection import Connection
from server.connections import Connections
from server.readiness import Readiness
from server.service import Service
from tests.samples import snapshot
from tests.serving import GET
from tests.support import AsyncTestCase

LARGE = snapshot(padding=1_000_000)


class Sweeping(AsyncTestCase):
    def test_others_have_their_turn_while_many_are_swept(self) -> None:
        async def main() -> None:
            connections, swept, turns = Connections(), list[float](), list[int]()
            for _ in range(3):
                connections.add(mock.Mock(Connection, edition=0, sweep=swept.append))
            asyncio.get_running_loop().call_soon(lambda: turns.append(len(swept)))
            now = time.monotonic()
            await connections.sweep(now)
            self.assertEqual((turns, swept), ([1], [now] * 3))

        with mock.patch.object(connecting, "SWEEP_SLICE", 0.0):
            self.run_async(main())

    def test_readers_of_snapshots_long_past_are_cut(self) -> None:
        connections = Connections()

        async def main() -> None:
            readiness, opened = Readiness(), []
            service = Service(100)
            for edition in range(1, 13):
                service.take(LARGE, 0.0)
                near, far = socket.socketpair()
                self.addCleanup(near.close)
                far.setblocking(False)
                made = Connection(far, "peer", service, readiness, 600.0, connections.discard)
                connections.add(made)
                opened.append(made)
                near.send(GET)
                made.ready()
                self.assertEqual(made.edition, edition)
            await connections.sweep(time.monotonic())
            self.assertEqual([made.edition for made in opened], [0, 0, 0, *range(4, 13)])
            connections.close()
            readiness.close()

        self.run_async(main())
