"""The server put together: its start and its stop, in the test's own process."""

import logging
import socket
from pathlib import Path
from unittest import mock

from server import descriptors, gateway
from server.configuration import Configuration
from server.listener import listen
from shared.settings import SettingError
from tests.samples import snapshot
from tests.serving import GET, Serving
from tests.support import TestCase, wait_until

LARGE = snapshot(padding=1_000_000)


class Stopping(TestCase):
    def setUp(self) -> None:
        self.server = Serving(self)
        self.server.hold(LARGE)

    def test_an_answer_under_way_is_finished_before_the_end(self) -> None:
        peer = self.server.connect(receive_buffer=4096)
        peer.send(GET)
        wait_until(lambda: self.server.service.counters.requests == 1, "the answer is under way")
        self.server.begin_stop()
        self.assertEqual(peer.response().body, LARGE.identity)
        self.assertTrue(peer.ended())

    def test_idle_clients_and_strangers_are_closed_at_once(self) -> None:
        peers = [self.server.connect() for _ in range(3)]
        self.assertEqual(peers[0].ask().status, 200)
        wait_until(lambda: self.server.connections() == 3, "all are accepted")
        self.server.begin_stop()
        self.assertTrue(all(peer.ended() for peer in peers))
        self.server.stop()

    def test_requests_that_have_come_are_answered_before_the_end(self) -> None:
        """Also on connections that nobody has accepted yet: the loop is held up meanwhile."""
        self.server.hold(snapshot())
        old = self.server.connect()
        self.assertEqual(old.ask().status, 200)
        with self.server.held_up():
            self.server.begin_stop()
            new = [self.server.connect() for _ in range(50)]
            for peer in (old, *new):
                peer.send(GET)
        for peer in (old, *new):
            self.assertEqual(peer.response().status, 200)
            self.assertTrue(peer.ended())

    def test_who_does_not_read_holds_up_the_end_for_a_moment_only(self) -> None:
        peer = self.server.connect(receive_buffer=4096)
        peer.send(GET)
        wait_until(lambda: self.server.service.counters.requests == 1, "the answer is under way")
        with mock.patch.object(gateway, "STOP_WAIT", 0.1):
            self.server.stop()


class Listening(TestCase):
    def test_the_kernel_does_not_give_up_slow_readers_of_its_own(self) -> None:
        """It would also give up those who read steadily, see `connection.KERNEL_PATIENCE`."""
        with listen("127.0.0.1", 0) as listening:
            option = listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        self.assertEqual(option, 0)

    def test_too_few_descriptors_for_anybody_are_an_error(self) -> None:
        most = descriptors.RESERVED
        configuration = Configuration(1, "127.0.0.1", 0, 5.0, Path("/nonexistent/snapshot.sock"))
        with (
            mock.patch.object(descriptors, "raise_limit", lambda: most),
            self.assertRaisesRegex(SettingError, f"^`ulimit -n` {most}: want more than {most}"),
        ):
            gateway.Gateway(configuration)


class Room(TestCase):
    def setUp(self) -> None:
        allowed = descriptors.RESERVED + 10
        self.enterContext(mock.patch.object(descriptors, "raise_limit", lambda: allowed))
        self.server = Serving(self)

    def test_silent_strangers_make_room_for_newcomers_the_oldest_first(self) -> None:
        strangers = [self.server.connect() for _ in range(20)]
        self.assertTrue(all(stranger.ended() for stranger in strangers[:10]))
        self.assertEqual(strangers[10].ask().status, 503)
        for _ in range(20):
            newcomer = self.server.connect()
            self.assertEqual(newcomer.ask().status, 503)
            newcomer.close()

    def test_who_has_asked_by_then_is_answered_not_ended(self) -> None:
        asking = [self.server.connect() for _ in range(10)]
        wait_until(lambda: self.server.connections() == 10, "they are accepted")
        with self.server.held_up():
            newcomer = self.server.connect()
            for peer in (*asking, newcomer):
                peer.send(GET)
        for peer in asking:
            self.assertEqual(peer.response().status, 503)
        asking[0].close()
        self.assertEqual(newcomer.response().status, 503)

    def test_strangers_beyond_their_bound_make_room_too_and_it_is_said_why(self) -> None:
        with (
            mock.patch.object(gateway, "MOST_STRANGERS", 5),
            self.assertLogs("server", logging.WARNING) as logs,
        ):
            server = Serving(self, limit=1)
            strangers = [server.connect() for _ in range(10)]
            self.assertTrue(all(stranger.ended() for stranger in strangers[:4]))
            wait_until(lambda: any("too many strangers" in line for line in logs.output), "so said")
        self.assertFalse(any("ulimit" in line for line in logs.output))

    def test_who_has_had_the_last_answer_makes_room_too(self) -> None:
        inside = [self.server.connect() for _ in range(10)]
        for peer in inside:
            self.assertEqual(peer.ask().status, 503)
        self.assertEqual(inside[0].ask(b"nonsense\r\n\r\n").status, 400)
        self.assertEqual(self.server.connect().ask().status, 503)
        self.assertEqual([peer.ask().status for peer in inside[1:]], [503] * 9)

    def test_where_nobody_can_make_room_a_newcomer_waits_until_somebody_leaves(self) -> None:
        with self.assertLogs("server", logging.WARNING) as logs:

            def warnings() -> list[str]:
                return [line for line in logs.output[:] if "descriptors run short" in line]

            inside = []
            for _ in range(10):
                inside.append(self.server.connect())
                self.assertEqual(inside[-1].ask().status, 503)
            newcomers = [self.server.connect() for _ in range(2)]
            for newcomer in newcomers:
                newcomer.send(GET)
            wait_until(warnings, "the shortage is noticed")
            for peer in inside:
                peer.close()
            self.assertEqual({peer.response().status for peer in newcomers}, {503})
        self.assertEqual(len(warnings()), 1)


class Reporting(TestCase):
    def test_counters_are_told_when_something_happened(self) -> None:
        with (
            mock.patch.object(gateway, "REPORT_INTERVAL", 0.02),
            mock.patch.object(gateway, "TICK", 0.01),
            self.assertLogs("server", logging.INFO) as logs,
        ):
            server = Serving(self)
            server.hold(snapshot())
            self.assertEqual(server.connect().ask().status, 200)

            def told() -> list[logging.LogRecord]:
                return [record for record in logs.records[:] if record.getMessage() == "served"]

            wait_until(told, "the counters are told")
            server.stop()
            self.assertEqual(len(told()), 1)
            self.assertEqual(told()[0].__dict__["event"]["requests"], 1)
