"""Strangers at a real server: who holds no slot takes nothing from others."""

import http.client
import json
import resource
import socket
import time
from collections.abc import Callable

from server.descriptors import RESERVED
from shared.snapshot import Snapshot
from tests.processes import Program
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.serving import GET, LAST_GET, Peer
from tests.support import DEADLINE, wait_until

SMALL = snapshot(padding=100)
LARGE = snapshot(padding=100_000)  # more than the kernel takes of it for a peer that does not read
SOON = 2.0  # seconds; what is promised within 0.1 s
MANY = 2000


class Strangers:
    """Many connections that say nothing, or, every second one, a byte now and then."""

    def __init__(self, test: FedTestCase, server: Program) -> None:
        """Connect them, and wait until the server has accepted them all."""
        before = server.open_files()
        self._sockets = [self._connect(test, server.port()) for _ in range(MANY)]
        wait_until(lambda: server.open_files() >= before + MANY, "all strangers are accepted")

    def _connect(self, test: FedTestCase, port: int) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", port), DEADLINE)
        test.addCleanup(connected.close)
        return connected

    def drip(self) -> None:
        """Say a byte each of what could become a request, more often than once a second."""
        for dripping in self._sockets[::2]:
            dripping.send(b"G")


class AmongStrangers(FedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.need_descriptors(MANY + 200)

    def crowded_server(self, data: Snapshot, limit: int) -> tuple[Program, Strangers]:
        """Start a server that has room, and strangers in it who stay."""
        self.feed(data)
        server = self.fed_server("--limit", str(limit), "--idle-timeout", "60")
        return server, Strangers(self, server)

    def test_newcomers_get_every_slot_and_keep_it(self) -> None:
        server, strangers = self.crowded_server(SMALL, limit=80)
        inside = []
        for _ in range(80):
            strangers.drip()
            inside.append(self.connect(server))
            self.assertEqual(inside[-1].ask().status, 200)
        self.assertEqual(self.ask_once(server.port()), 503)
        for _ in range(5):
            strangers.drip()
            self.assertEqual({peer.ask().status for peer in inside}, {200})
        self.assertGreater(server.open_files(), MANY + 80, "the strangers are still there")

    def test_a_slot_that_is_free_again_goes_to_the_next_who_asks(self) -> None:
        server, strangers = self.crowded_server(LARGE, limit=3)
        self.clients(server, 2)
        for leave in (Peer.close, Peer.reset):
            for take in (self._read_the_answer, self._begin_to_read):
                with self.subTest(take=take, leave=leave):
                    leaving = Peer(self, server.port(), receive_buffer=4096)
                    leaving.send(GET)
                    take(leaving)
                    strangers.drip()
                    self.assertEqual(self.ask_once(server.port()), 503)
                    leave(leaving)
                    wait_until(lambda: self.ask_once(server.port()) == 200, "it is taken", SOON)

    def _read_the_answer(self, peer: Peer) -> None:
        self.assertEqual(peer.response().status, 200)

    def _begin_to_read(self, peer: Peer) -> None:
        self.assertEqual(peer.read(12), b"HTTP/1.1 200")

    def test_who_sends_a_body_to_a_full_server_reads_the_refusal(self) -> None:
        server, _ = self.crowded_server(SMALL, limit=1)
        self.clients(server, 1)
        for _ in range(20):
            uploading = http.client.HTTPConnection("127.0.0.1", server.port(), timeout=DEADLINE)
            self.addCleanup(uploading.close)
            # In pieces: in one, all of it is with the kernel before the refusal comes.
            pieces = (b"x" * 1000 for _ in range(200))
            uploading.request("POST", "/", pieces, {"Content-Length": "200000"})
            with uploading.getresponse() as response:
                self.assertEqual(response.status, 503)
                self.assertEqual(json.loads(response.read())["status"], 503)


class FewDescriptors(FedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.feed(SMALL)

    def scarce_server(self, connections: int, *arguments: str) -> Program:
        """Start a server that has descriptors for so many connections."""
        environment = self.few_descriptors(RESERVED + connections)
        return self.fed_server("--idle-timeout", "60", *arguments, environment=environment)

    def suddenly_scarce_server(self, connections: int, *arguments: str) -> Program:
        """Start a server that was told of more at its start."""
        server = self.fed_server("--idle-timeout", "60", *arguments)
        most = server.open_files() + connections
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, most))
        return server

    def test_a_limit_that_they_cannot_carry_is_a_warning_at_the_start(self) -> None:
        server = self.scarce_server(40, "--limit", "41")
        self.assertRegex(
            server.wait_for("fewer descriptors than clients"),
            r" warning server .*raise `ulimit -n`, or lower the limit.* limit=41 connections=40$",
        )
        self.assertFalse(self.scarce_server(40, "--limit", "40").logged("warning"))

    def test_where_they_run_short_the_stranger_that_came_first_goes_first(self) -> None:
        server = self.scarce_server(40, "--limit", "20")
        before = server.open_files()
        strangers = [self.connect(server) for _ in range(40)]
        wait_until(lambda: server.open_files() == before + 40, "all are accepted")
        self.assertEqual(strangers.pop(0).ask().status, 200, "who asks is no stranger any more")
        strangers[0].send(GET[:10])
        for number in range(19):
            self.assertEqual(self.connect(server).ask().status, 200)
            self.assertTrue(strangers[number].ended())
            self.assertFalse(any(peer.readable(0) for peer in strangers[number + 1 :]))

    def test_where_clients_hold_them_all_it_rests_and_recovers(self) -> None:
        for start in (self.scarce_server, self.suddenly_scarce_server):
            with self.subTest(start.__name__):
                self._rests_and_recovers(start(40))

    def _rests_and_recovers(self, server: Program) -> None:
        before = server.open_files()
        inside = self.clients(server, 40)
        waiting = [self.connect(server) for _ in range(10)]
        for peer in waiting:
            peer.send(GET)
        server.wait_for("descriptors run short")
        self.assertLess(self._busy_within_a_second(server), 0.5)
        self.assertEqual({peer.ask().status for peer in inside}, {200})
        self.assertFalse(any(peer.readable(0) for peer in waiting))
        for peer in inside[:10]:
            peer.close()
        self.assertEqual({peer.response().status for peer in waiting}, {200})
        for peer in inside + waiting:
            peer.close()
        wait_until(lambda: server.open_files() == before, "no descriptor is left open")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(server.logged("descriptors run short")), 1)

    def _busy_within_a_second(self, server: Program) -> float:
        """Tell how many seconds of the next one it computes."""
        before = server.cpu_seconds()
        time.sleep(1)
        return server.cpu_seconds() - before


class AStorm(FedTestCase):
    def test_after_all_ways_to_come_and_go_there_are_as_many_slots_as_before(self) -> None:
        self.feed(LARGE)
        server = self.fed_server("--limit", "20")
        before = server.open_files()
        ways: tuple[tuple[bytes, Callable[[Peer], None]], ...] = (
            (b"", Peer.close),
            (GET[:10], Peer.close),
            (GET[:10], Peer.reset),
            (GET[:10], Peer.half_close),
            (GET, Peer.close),
            (GET, Peer.reset),
            (GET, Peer.half_close),
            (GET, self._leave_in_mid_answer),
            (GET + GET[:10], Peer.reset),
            (GET[:-2] + b"Content-Length: 5\r\n\r\n123", Peer.reset),
            (LAST_GET, Peer.close),
            (b"nonsense\r\n\r\n", Peer.reset),
            (b"nonsense\r\n\r\n", self._read_to_the_end),
        )
        for _ in range(80):
            peers = [self._came(server, *way) for way in ways * 3]
            for peer in peers:
                peer.close()
        wait_until(lambda: server.open_files() == before, "all connections are gone")
        inside = self.clients(server, 20)
        self.assertEqual(self.ask_once(server.port()), 503)
        self.assertEqual({peer.ask().status for peer in inside}, {200})

    def _came(self, server: Program, said: bytes, leave: Callable[[Peer], None]) -> Peer:
        peer = Peer(self, server.port(), receive_buffer=4096)
        peer.send(said)
        leave(peer)
        return peer

    def _leave_in_mid_answer(self, peer: Peer) -> None:
        self.assertEqual(peer.read(5), b"HTTP/")
        peer.reset()

    def _read_to_the_end(self, peer: Peer) -> None:
        self.assertEqual(peer.response().status, 400)
        self.assertTrue(peer.readable(SOON) and peer.ended())
