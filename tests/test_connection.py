"""Connections: real sockets, asked well and badly."""

import http.client
import json
import logging
import re
import select
import socket
import time
from collections.abc import Callable
from unittest import mock

from server import connection as connecting
from server.answer import Answer
from server.body import MAX_DRAINED
from server.connection import Connection, unsent
from server.pace import WINDOW
from server.readiness import Readiness
from server.service import Service
from tests.samples import ITEMS, get, snapshot
from tests.serving import GET, LAST_GET, Peer, Serving
from tests.support import DEADLINE, AsyncTestCase, TestCase, wait_until

LARGE = snapshot(padding=1_000_000)
CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(length: int, *fields: str) -> bytes:
    """Make the head of a request with a body."""
    lines = ["POST / HTTP/1.1", "Host: x", f"Content-Length: {length}", *fields, "", ""]
    return "\r\n".join(lines).encode()


class Answering(TestCase):
    def setUp(self) -> None:
        self.server = Serving(self)
        self.server.hold(snapshot())

    def test_a_get_is_answered_with_the_data(self) -> None:
        response = self.server.connect().ask()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.fields["content-type"], "application/json")
        self.assertEqual(json.loads(response.body), list(ITEMS))

    def test_a_connection_is_kept_and_its_requests_are_answered_in_order(self) -> None:
        peer = self.server.connect()
        for _ in range(3):
            self.assertEqual(peer.ask().status, 200)
        peer.send(GET + GET.replace(b"/", b"/x", 1) + GET.replace(b"GET", b"PUT") + GET)
        statuses = [peer.response().status for _ in range(4)]
        self.assertEqual(statuses, [200, 404, 405, 200])

    def test_the_same_request_gets_the_newest_data_each_time(self) -> None:
        peer = self.server.connect()
        for number in range(5):
            held = snapshot(f"{number:08}")
            self.server.hold(held)
            self.assertEqual(peer.ask().body, held.identity)

    def test_the_same_request_is_refused_to_who_is_beyond_the_limit(self) -> None:
        server = Serving(self, limit=1)
        server.hold(snapshot())
        inside = server.connect()
        for _ in range(3):
            self.assertEqual(inside.ask().status, 200)
            outside = server.connect()
            self.assertEqual(outside.ask().status, 503)
            self.assertTrue(outside.ended())

    def test_what_has_been_asked_before_is_answered_as_at_first(self) -> None:
        for request in (
            GET,
            LAST_GET,
            b"\r\n" + GET,
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            GET[:-2] + b"If-None-Match: *\r\n\r\n",
            GET[:-2] + b'If-Match: "other"\r\n\r\n',
            GET[:-2] + b"Accept-Encoding: gzip, identity;q=0\r\n\r\n",
            GET.replace(b"/", b"/x", 1),
            GET.replace(b"GET", b"HEAD"),
            post(0),
            GET + GET,
            GET + GET[:9],
        ):
            with self.subTest(request):
                answers = set()
                for _ in range(3):
                    peer = self.server.connect()
                    peer.send(request)
                    peer.half_close()
                    answers.add(re.sub(rb"(?m)^(Date|Age): .*$", b"", peer.read()))
                self.assertEqual(len(answers), 1)

    def test_requests_may_come_in_pieces(self) -> None:
        peer = self.server.connect()
        for byte in GET * 2:
            peer.send(bytes([byte]))
        self.assertEqual([peer.response().status for _ in range(2)], [200, 200])

    def test_a_client_that_wants_the_end_gets_it(self) -> None:
        for request, word in (
            (LAST_GET, "close"),
            (b"GET / HTTP/1.0\r\n\r\n", "close"),
            (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
            (GET, None),
        ):
            with self.subTest(request):
                peer = self.server.connect()
                response = peer.ask(request)
                self.assertEqual(response.fields.get("connection"), word)
                if word == "close":
                    self.assertTrue(peer.ended())
                else:
                    self.assertEqual(peer.ask().status, 200)

    def test_a_stray_byte_behind_the_last_request_does_not_cost_its_answer(self) -> None:
        answered = Connection._answered

        def stray(connection: Connection, answer: Answer) -> None:
            peer.send(b"\r")
            select.select([connection._socket], [], [], DEADLINE)
            answered(connection, answer)

        for _ in range(2):
            peer = self.server.connect()
            with mock.patch.object(Connection, "_answered", stray):
                self.assertEqual(peer.ask(LAST_GET).status, 200)

    def test_what_is_malformed_is_answered_and_ends_the_connection(self) -> None:
        for request, status in (
            (b"nonsense\r\n\r\n", 400),
            (b"\x16\x03\x01\x00", 400),
            (GET.replace(b"1.1", b"2.0"), 505),
            (b"GET /" + b"x" * 10_000, 414),
            (GET[:-2] + b"X: " + b"x" * 20_000, 431),
            (GET[:-2] + b"Expect: a miracle\r\n\r\n", 417),
            (GET[:-2] + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        ):
            with self.subTest(request[:50]):
                peer = self.server.connect()
                response = peer.ask(request)
                self.assertEqual(response.status, status)
                self.assertEqual(response.fields["connection"], "close")
                self.assertEqual(json.loads(response.body)["status"], status)
                self.assertIn("date", response.fields)
                self.assertTrue(peer.ended())

    def test_head_gets_a_405_without_a_body(self) -> None:
        peer = self.server.connect()
        peer.send(GET.replace(b"GET", b"HEAD") + GET)
        response = peer.response(bodiless=True)
        self.assertEqual((response.status, response.fields["allow"]), (405, "GET"))
        self.assertEqual(peer.response().status, 200)

    def test_head_gets_no_body_with_a_refusal_either(self) -> None:
        """RFC 9110, 9.3.2."""
        head = GET.replace(b"GET", b"HEAD")
        for request, status in (
            (head.replace(b" /", b"  /"), 400),
            (head.replace(b"Host", b"Most"), 400),
            (head[:-2] + b"Expect: a miracle\r\n\r\n", 417),
            (head[:-2] + CHUNKED[-30:] + b"nonsense\r\n", 400),
            (b"HEAD /" + b"x" * 10_000, 414),
            (head[:-2] + b"X: " + b"x" * 20_000, 431),
        ):
            with self.subTest(request[:50]):
                peer = self.server.connect()
                peer.send(request)
                self.assertEqual(peer.response(bodiless=True).status, status)
                self.assertTrue(peer.ended())

    def test_a_client_that_has_closed_its_side_is_still_answered(self) -> None:
        self.server.hold(LARGE)
        peer = self.server.connect()
        peer.send(GET)
        peer.half_close()
        self.assertEqual(peer.response().body, LARGE.identity)
        self.assertTrue(peer.ended())

    def test_a_large_answer_arrives_whole(self) -> None:
        self.server.hold(LARGE)
        peer = self.server.connect()
        peer.send(GET + GET + LAST_GET)
        for _ in range(3):
            self.assertEqual(peer.response().body, LARGE.identity)
        self.assertTrue(peer.ended())

    def test_an_answer_under_way_is_not_touched_by_a_new_snapshot(self) -> None:
        self.server.hold(LARGE)
        peer = self.server.connect(receive_buffer=4096)
        peer.send(GET + GET)
        wait_until(lambda: self.server.service.counters.requests == 1, "the answer is under way")
        self.server.hold(snapshot())
        self.assertEqual(peer.response().body, LARGE.identity)
        self.assertEqual(peer.response().body, snapshot().identity)

    def test_without_data_a_503_says_so_and_keeps_the_connection(self) -> None:
        server = Serving(self)
        peer = server.connect()
        response = peer.ask()
        self.assertEqual((response.status, response.fields["retry-after"]), (503, "1"))
        server.hold(snapshot())
        self.assertEqual(peer.ask().status, 200)

    def test_requests_are_logged_at_debug_only_and_never_raw(self) -> None:
        with self.assertLogs("server", logging.DEBUG) as logs:
            self.server.connect().ask(GET.replace(b"/", b"/" + b"a%0a" * 100, 1))
            wait_until(lambda: logs.output, "it is logged")
        self.assertRegex(logs.output[0], r"^DEBUG:server:answered$")
        event = logs.records[0].__dict__["event"]
        self.assertEqual(event["status"], 404)
        self.assertLess(len(event["request"]), 100)
        with self.assertNoLogs("server", logging.INFO):
            self.server.connect().ask(b"nonsense\r\n\r\n")

    def test_a_fault_of_the_server_ends_one_connection_and_is_logged(self) -> None:
        broken, other = self.server.connect(), self.server.connect()
        with (
            self.assertLogs("server", logging.ERROR) as logs,
            mock.patch.object(self.server.service, "answer", side_effect=RuntimeError("broken")),
        ):
            broken.send(GET)
            self.assertTrue(broken.ended())
        self.assertRegex(logs.output[0], "(?s)connection failed.*RuntimeError: broken$")
        self.assertRegex(
            logs.records[0].__dict__["event"]["connection"], "^<connection .* reading>"
        )
        self.assertEqual(other.ask().status, 200)
        self.assertEqual(self.server.clients(), 1)


class Bodies(TestCase):
    """A body is drained, or ends the connection; it is never taken for a request."""

    def setUp(self) -> None:
        self.server = Serving(self)
        self.server.hold(snapshot())

    def test_a_small_one_is_drained_before_the_answer(self) -> None:
        for request in (
            post(len(GET)) + GET,
            CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET),
        ):
            peer = self.server.connect()
            self.assertEqual(peer.ask(request).status, 405)
            self.assertEqual(peer.ask().status, 200)

    def test_a_get_may_have_one(self) -> None:
        peer = self.server.connect()
        request = post(5).replace(b"POST", b"GET") + b"12345"
        self.assertEqual([peer.ask(request).status, peer.ask().status], [200, 200])

    def test_a_large_one_is_answered_at_once_and_ends_the_connection(self) -> None:
        for head in (post(MAX_DRAINED + 1), CHUNKED + b"%x\r\n" % (MAX_DRAINED + 1)):
            peer = self.server.connect()
            response = peer.ask(head)
            self.assertEqual((response.status, response.fields["connection"]), (405, "close"))
            peer.send(GET * 1000)
            peer.half_close()
            self.assertTrue(peer.ended())

    def test_also_who_said_that_it_is_the_last_can_send_all_of_a_large_one(self) -> None:
        """An answer before the body's end is followed by a lingering close in any case."""
        for _ in range(20):
            uploading = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
            self.addCleanup(uploading.close)
            headers = {"Connection": "close", "Content-Length": "200000"}
            uploading.request("POST", "/", (b"x" * 1000 for _ in range(200)), headers)
            with uploading.getresponse() as response:
                self.assertEqual(response.status, 405)

    def test_a_malformed_one_is_refused(self) -> None:
        peer = self.server.connect()
        self.assertEqual(peer.ask(CHUNKED + b"nonsense\r\n" + GET).status, 400)
        self.assertTrue(peer.ended())

    def test_who_asks_before_sending_one_gets_the_final_answer(self) -> None:
        """RFC 9110, 10.1.1."""
        peer = self.server.connect()
        response = peer.ask(post(5, "Expect: 100-continue"))
        self.assertEqual((response.status, response.fields["connection"]), (405, "close"))
        self.assertTrue(peer.ended())


class TheLimit(TestCase):
    def setUp(self) -> None:
        self.server = Serving(self, limit=2)
        self.server.hold(snapshot())

    def test_one_by_one_those_beyond_are_refused(self) -> None:
        peers = [self.server.connect() for _ in range(4)]
        self.assertEqual([peer.ask().status for peer in peers], [200, 200, 503, 503])
        self.assertTrue(peers[2].ended() and peers[3].ended())
        self.assertEqual([peer.ask().status for peer in peers[:2]], [200, 200])

    def test_at_once_as_many_are_served_as_there_are_slots(self) -> None:
        peers = [self.server.connect() for _ in range(50)]
        for peer in peers:
            peer.send(GET)
        statuses = [peer.response().status for peer in peers]
        self.assertEqual((statuses.count(200), statuses.count(503)), (2, 48))
        for peer, status in zip(peers, statuses, strict=True):
            if status == 503:
                self.assertTrue(peer.ended())
            else:
                self.assertEqual(peer.ask().status, 200)

    def test_a_refusal_names_the_limit_and_when_to_come_back(self) -> None:
        inside = [self.server.connect() for _ in range(2)]
        self.assertEqual([peer.ask().status for peer in inside], [200, 200])
        response = self.server.connect().ask()
        self.assertEqual(response.fields["retry-after"], "1")
        self.assertEqual(response.fields["connection"], "close")
        self.assertEqual(response.fields["content-type"], "application/problem+json")
        self.assertIn("limit of 2 clients", json.loads(response.body)["detail"])

    def test_who_has_not_asked_takes_no_slot(self) -> None:
        strangers = [self.server.connect() for _ in range(20)]
        for stranger in strangers[:10]:
            stranger.send(GET[:10])
        self.assertEqual(strangers[10].ask(b"nonsense\r\n\r\n").status, 400)
        inside = [self.server.connect() for _ in range(2)]
        self.assertEqual([peer.ask().status for peer in inside], [200, 200])

    def test_the_verdict_comes_before_the_route_and_before_the_body(self) -> None:
        inside = [self.server.connect() for _ in range(2)]
        self.assertEqual([peer.ask().status for peer in inside], [200, 200])
        self.assertEqual(self.server.connect().ask(GET.replace(b"/", b"/x", 1)).status, 503)
        self.assertEqual(self.server.connect().ask(post(5)).status, 503)
        self.assertEqual(self.server.connect().ask(b"nonsense\r\n\r\n").status, 400)

    def test_a_slot_is_free_again_however_its_client_goes(self) -> None:
        for leave in (Peer.close, Peer.reset, Peer.half_close, self._ask_for_the_end):
            with self.subTest(leave):
                inside = [self.server.connect() for _ in range(2)]
                self.assertEqual([peer.ask().status for peer in inside], [200, 200])
                leave(inside[0])
                wait_until(lambda: self.server.clients() == 1, "the slot is free")
                newcomer = self.server.connect()
                self.assertEqual(newcomer.ask().status, 200)
                self.assertEqual(self.server.connect().ask().status, 503)
                for peer in (inside[1], newcomer):
                    peer.close()
                wait_until(lambda: self.server.clients() == 0, "all slots are free")

    def test_a_slot_is_free_for_who_asks_after_its_client_has_gone_however_soon(self) -> None:
        """Though the server is told of both at once, and of somebody else before."""
        for leave in (Peer.close, Peer.reset, Peer.half_close):
            with self.subTest(leave):
                inside = [self.server.connect() for _ in range(2)]
                self.assertEqual([peer.ask().status for peer in inside], [200, 200])
                stranger, newcomer = self.server.connect(), self.server.connect()
                wait_until(lambda: self.server.connections() == 4, "they are accepted")
                with self.server.held_up():
                    stranger.send(GET[:10])
                    leave(inside[0])
                    newcomer.send(GET)
                self.assertEqual(newcomer.response().status, 200)
                for peer in (inside[1], stranger, newcomer):
                    peer.close()
                wait_until(lambda: self.server.connections() == 0, "all are gone")

    def _ask_for_the_end(self, peer: Peer) -> None:
        self.assertEqual(peer.ask(LAST_GET).status, 200)

    def test_a_client_reset_in_mid_answer_frees_its_slot(self) -> None:
        self.server.hold(LARGE)
        peers = [self.server.connect(receive_buffer=4096) for _ in range(2)]
        for peer in peers:
            peer.send(GET)
            self.assertEqual(peer.read(1), b"H")
        peers[0].reset()
        wait_until(lambda: self.server.clients() == 1, "the slot is free")

    def test_who_does_not_read_the_answer_keeps_its_slot_though_it_is_the_last(self) -> None:
        """Or else any number of them could have the kernel hold an answer each."""
        self.server.hold(LARGE)
        for _ in range(2):
            peer = self.server.connect(receive_buffer=4096)
            peer.send(LAST_GET)
            self.assertEqual(peer.read(1), b"H")
        self.assertEqual(self.server.connect().ask(LAST_GET).status, 503)

    def test_a_refused_upload_reads_its_refusal(self) -> None:
        inside = [self.server.connect() for _ in range(2)]
        self.assertEqual([peer.ask().status for peer in inside], [200, 200])
        for _ in range(20):
            uploading = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
            self.addCleanup(uploading.close)
            # In pieces: else all of it is with the kernel before the refusal comes.
            pieces = (b"x" * 1000 for _ in range(200))
            uploading.request("POST", "/", pieces, {"Content-Length": "200000"})
            with uploading.getresponse() as response:
                self.assertEqual(response.status, 503)
                self.assertIn("limit of 2", json.loads(response.read())["detail"])

    def test_that_it_is_reached_is_logged_once_not_for_each_refusal(self) -> None:
        with self.assertLogs("server", logging.INFO) as logs:
            inside = [self.server.connect() for _ in range(2)]
            self.assertEqual([peer.ask().status for peer in inside], [200, 200])
            for _ in range(10):
                self.assertEqual(self.server.connect().ask().status, 503)
        self.assertEqual(logs.output, ["WARNING:server:limit reached"])


class Timeouts(TestCase):
    def setUp(self) -> None:
        self.server = Serving(self, idle_timeout=0.2)
        self.server.hold(snapshot())

    def test_who_says_nothing_is_closed_without_an_answer(self) -> None:
        peers = [self.server.connect() for _ in range(2)]
        self.assertEqual(peers[0].ask().status, 200)
        self.assertTrue(peers[0].ended() and peers[1].ended())
        self.assertEqual(self.server.clients(), 0)

    def test_a_request_that_does_not_become_whole_gets_a_408(self) -> None:
        for begun in (GET[:10], post(5) + b"1", GET + GET[:10], GET + post(5)):
            with self.subTest(begun):
                peer = self.server.connect()
                peer.send(begun)
                if begun.startswith(GET):
                    self.assertEqual(peer.response().status, 200)
                self.assertEqual(peer.response().status, 408)
                self.assertTrue(peer.ended())

    def test_a_head_that_does_not_become_whole_gets_a_408_without_a_body(self) -> None:
        peer = self.server.connect()
        peer.send(GET.replace(b"GET", b"HEAD")[:10])
        self.assertEqual(peer.response(bodiless=True).status, 408)
        self.assertTrue(peer.ended())

    def test_bytes_now_and_then_do_not_keep_a_connection_alive(self) -> None:
        peer = self.server.connect()
        peer.send(GET[:-2] + b"X: ")
        started = time.monotonic()
        while not peer.readable(0.02) and time.monotonic() - started < DEADLINE:
            peer.send(b"x")
        self.assertEqual(peer.response().status, 408)

    def test_who_asks_now_and_then_stays(self) -> None:
        peer = self.server.connect()
        started = time.monotonic()
        while time.monotonic() - started < 0.6:  # three times the timeout
            self.assertEqual(peer.ask().status, 200)
            time.sleep(0.05)

    def test_who_does_not_read_is_cut(self) -> None:
        """By a reset, for otherwise the kernel would keep what it has of the answer."""
        self.server.hold(LARGE)
        peer = self.server.connect(receive_buffer=4096)
        peer.send(GET)
        self.assertEqual(peer.read(1), b"H")
        self.assertEqual(self.server.clients(), 1)
        wait_until(lambda: self.server.connections() == 0, "it is cut")
        self.assertEqual(self.server.clients(), 0)
        with self.assertRaises(ConnectionResetError):
            peer.read()

    def test_who_reads_slowly_but_steadily_gets_all(self) -> None:
        """Though the kernel takes a part at once, and then nothing for longer than the timeout."""
        self.server.hold(LARGE)
        peer = self.server.connect()
        peer.send(GET)
        started, received = time.monotonic(), b""
        while time.monotonic() - started < 2:  # ten times the timeout
            received += peer.read(20_000)
            time.sleep(0.02)
        received += peer.read(len(LARGE.identity) - len(received))
        self.assertIn(LARGE.identity[-50_000:-10_000], received)

    def test_a_request_that_came_while_the_server_stood_still_is_answered(self) -> None:
        peers = [self.server.connect() for _ in range(50)]
        self.assertEqual({peer.ask().status for peer in peers}, {200})
        with self.server.held_up():
            for peer in peers:
                peer.send(GET)
            time.sleep(0.5)  # longer than the timeout
        self.assertEqual({peer.response().status for peer in peers}, {200})

    def test_who_never_closes_after_the_last_answer_is_closed(self) -> None:
        peer = self.server.connect()
        self.assertEqual(peer.ask(b"nonsense\r\n\r\n").status, 400)
        self.assertEqual(self.server.connections(), 1)
        with mock.patch.object(connecting, "LINGER_SILENCE", 0.1):
            wait_until(lambda: self.server.connections() == 0, "it is closed")


class Swept(AsyncTestCase):
    """With the time moved by hand: the other end is in the test's own hand, too."""

    def setUp(self) -> None:
        self.service = Service(1)
        self.service.take(LARGE, 0.0)
        self.ended: list[Connection] = []

    def sweep(
        self, act: Callable[[Connection, socket.socket], None], idle_timeout: float = 5.0
    ) -> None:
        """Make a connection to the test, with a timeout in seconds, and act on it."""

        async def main() -> None:
            readiness = Readiness()
            near, far = socket.socketpair()
            with near:
                far.setblocking(False)
                connection = Connection(
                    far, "peer", self.service, readiness, idle_timeout, self.ended.append
                )
                act(connection, near)
                connection.close()
                readiness.close()

        self.run_async(main())
        self.assertEqual(len(self.ended), 1)
        self.assertEqual(len(self.service.limit), 0)

    def test_a_peer_that_is_gone_when_its_time_is_up_is_no_fault(self) -> None:
        def act(connection: Connection, near: socket.socket) -> None:
            near.send(GET[:10])
            connection.ready()
            near.close()
            connection.sweep(time.monotonic() + 4)
            self.assertEqual(self.ended, [])
            connection.sweep(time.monotonic() + 6)
            self.assertEqual(self.ended, [connection])

        self.sweep(act)

    def test_a_fault_of_ours_when_its_time_is_up_ends_it_and_not_the_sweep(self) -> None:
        def act(connection: Connection, near: socket.socket) -> None:
            near.send(GET[:10])
            connection.ready()
            connection.sweep(time.monotonic() + 6)
            self.assertEqual(self.ended, [connection])

        with (
            self.assertLogs("server", logging.ERROR),
            mock.patch.object(self.service, "reject", side_effect=RuntimeError("broken")),
        ):
            self.sweep(act)

    def test_a_reader_of_a_kilobyte_a_second_may_stay_a_slower_one_not(self) -> None:
        def act(connection: Connection, near: socket.socket) -> None:
            near.send(GET)
            connection.ready()
            begun = time.monotonic()
            for _ in range(10):
                near.recv(10_000)
                connection.ready()
            connection.sweep(begun + WINDOW + 1)
            self.assertEqual(self.ended, [])
            connection.sweep(begun + 2 * WINDOW + 2)
            self.assertEqual(self.ended, [connection])

        self.sweep(act, idle_timeout=600.0)
        self.assertEqual(self.service.counters.cut, 1)

    def test_who_asks_much_at_once_has_a_few_answers_at_a_time(self) -> None:
        self.service.take(snapshot(), 0.0)
        answer = self.service.answer(get(), closes=False)
        size = len(answer.pieces[0])

        def act(connection: Connection, near: socket.socket) -> None:
            near.send(GET * 20)
            for count in (8, 8, 4):
                connection.ready()
                self.assertEqual(len(near.recv(100_000)), count * size)

        self.sweep(act)


class Unsent(TestCase):
    def test_what_is_left_begins_where_the_sent_bytes_end(self) -> None:
        pieces = (b"head", memoryview(b"identity"))
        for sent in range(13):
            left = b"".join(map(bytes, unsent(pieces, sent)))
            self.assertEqual(left, b"headidentity"[sent:])
        self.assertEqual(unsent(unsent(pieces, 6), 6), ())
