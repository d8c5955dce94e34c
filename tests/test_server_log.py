"""The server's log: what peers send neither floods it nor stands in it raw."""

import json
from collections.abc import Callable

from tests.processes import Program
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.serving import GET, Peer

SMALL = snapshot(padding=100)

# Each with the status that it gets.
BAD = (
    (b"nonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # a TLS handshake
    (b"GET /\x1b[2J\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /\xc2\x9b31m\xe2\x80\xa8 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: x\n2026-01-02T03:04:05.678Z info server stopped\n\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\x00\x07\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n\x1b[31m\r\n", 400),
    (b"GET /%0d%0a%1b[31m" + b"%0a" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /%0d%0a%1b" + b"%0a" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"a" * 8000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"GET /" + b"a" * 9000, 414),
    (GET[:-2] + b"X: " + b"\xff" * 17_000, 431),
    (GET[:-2] + b"Expect: \xe2\x80\xae\r\n\r\n", 417),
    (GET[:-2] + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\n\r\n", 505),
)


class TheLog(FedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.feed(SMALL)

    def misbehave(self, port: int, times: int) -> None:
        """Send all that is bad so many times, and go in mid-request as often."""
        for _ in range(times):
            for request, status in BAD:
                self.assertEqual(self.ask_once(port, request), status, request[:50])
            for leave in (Peer.reset, Peer.close):
                peer = Peer(self, port)
                peer.send(GET[:10])
                leave(peer)

    def lines_from_now(self, server: Program, act: Callable[[], None]) -> list[str]:
        """Stop the server after an act; tell the lines that it has logged meanwhile."""
        before = len(server.lines)
        act()
        self.assertEqual(server.stop(), 0)
        return server.lines[before:]

    def test_bad_requests_have_no_lines_but_are_counted(self) -> None:
        server = self.fed_server()
        served, stopped = self.lines_from_now(server, lambda: self.misbehave(server.port(), 200))
        self.assertIn(f" requests={200 * len(BAD)} refused=0 errors={200 * len(BAD)} ", served)
        self.assertIn(" info server stopped", stopped)

    def test_refusals_have_one_line_between_them_and_are_counted(self) -> None:
        server = self.fed_server("--limit", "1")
        self.clients(server, 1)

        def be_refused() -> None:
            for _ in range(1000):
                self.assertEqual(self.ask_once(server.port()), 503)

        reached, served, _stopped = self.lines_from_now(server, be_refused)
        self.assertIn(" warning server limit reached limit=1", reached)
        self.assertIn(" refused=1000 ", served)

    def test_at_debug_each_has_a_line_short_and_printable(self) -> None:
        server = self.fed_server("--log-level", "debug", "--log-format", "text")
        for line in self._told_of(server, server.port()):
            self.assertRegex(line, r"^20\d\d-\d\d-\d\dT[\d:.]{12}Z (debug|info) server [a-z]")

    def test_at_debug_each_has_an_object_of_json(self) -> None:
        server = self.fed_server("--log-level", "debug", "--log-format", "json")
        for line in self._told_of(server, json.loads(server.lines[0])["port"]):
            self.assertEqual(json.loads(line)["component"], "server")

    def _told_of(self, server: Program, port: int) -> list[str]:
        """Misbehave; tell the lines logged of it, checked for what each of them must be."""
        lines = self.lines_from_now(server, lambda: self.misbehave(port, 20))
        answered = sum("answered" in line for line in lines)
        self.assertEqual(answered, 20 * len(BAD))
        self.assertLessEqual(len(lines), answered + 2 * 20 + 2, "one each, and two at the end")
        for line in lines:
            self.assertTrue(line.isprintable(), line)
            self.assertLess(len(line), 300, line)
        return lines
