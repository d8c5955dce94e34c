"""The page on fan-out: its tables are what the arithmetic gives, its bytes what is on the wire."""

import re
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from client.fetch import Validators, fetch
from client.lookup import Lookup
from client.url import parse_url
from client.wire import Wire
from shared.snapshot import Snapshot
from tests.arithmetic import Callers, Tiers, polls
from tests.demo.behaviours import array
from tests.demo.endpoints import Endpoints
from tests.processes import ROOT, Program
from tests.relay import Exchange, Relay
from tests.samples import snapshot
from tests.serving import Peer, Serving
from tests.support import TestCase, wait_until

# Bytes that the page counts with: of an exchange, asked and answered, for the demo's body of 925
# bytes and for larger ones, and of an answer that says that there is nothing new.
ASKED = 235
SMALL, MIDDLE, LARGE = 1197, 110_298, 11_000_300
UNCHANGED = 183
ZIPPED = 797  # the demo's body in gzip, of 501 bytes


def tables() -> dict[str, list[list[str]]]:
    """Tell the tables of the page by the heading above each: the cells of their rows."""
    page = (ROOT / "docs" / "fan-out.md").read_text()
    found = {}
    for section in page.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:2] == "| "]
        found[heading] = rows[1:]  # without the row of headings
    return found


def number(value: float) -> str:
    """Write a number as the page does."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


class Tables(TestCase):
    def assert_table(self, heading: str, *rows: Sequence[str | float]) -> None:
        """Compare a table with what it should be."""
        written = [[c if isinstance(c, str) else number(c) for c in row] for row in rows]
        self.assertEqual(tables()[heading], written)

    def test_a_million_callers(self) -> None:
        rows: list[list[str | float]] = []
        for period, kept in product((15, 60), (False, True)):
            callers = Callers(period, kept)
            traffic = (callers.traffic(each) for each in (SMALL, ZIPPED, UNCHANGED))
            how = "kept" if kept else "a new one each"
            rows.append([f"{period} s", how, callers.rate, callers.servers, *traffic])
        self.assert_table("A million callers", *rows)

    def test_what_the_third_parties_see(self) -> None:
        rows = [[n, n * polls(), 2 * polls()] for n in (1, 2, 10, 100)]
        self.assert_table("What the third parties see", *rows)

    def test_what_a_root_sees(self) -> None:
        rows: list[list[str | float]] = []
        for edges, period in product((10, 100), (1, 5)):
            tiers = Tiers(2, edges, period)
            traffic = (tiers.traffic(UNCHANGED, each) for each in (SMALL, MIDDLE, LARGE))
            rows.append([edges, f"{period} s", tiers.between, *traffic])
        self.assert_table("What a root sees", *rows)


class Bytes(TestCase):
    def exchanges(self, data: Snapshot) -> tuple[Exchange, Exchange]:
        """Have an edge take some data from a root, and ask for it again."""
        root = Serving(self)
        root.hold(data)
        validators, exchanges = Validators(), []
        for _ in range(2):
            relay = Relay(root.port)
            url = parse_url(f"http://127.0.0.1:{relay.port}/")
            validators = fetch(url, validators, 2**30, Wire(Lookup(), 10)).validators
            exchanges.append(relay.exchange())
        return exchanges[0], exchanges[1]

    def test_they_are_what_the_page_counts_with(self) -> None:
        """Within what a port's digits and those of an age make."""
        for padding, whole in ((10_000, MIDDLE), (1_000_000, LARGE)):
            first, second = self.exchanges(snapshot(padding=padding))
            self.assertAlmostEqual(first.answered, whole, delta=5)
            self.assertAlmostEqual(second.asked, ASKED, delta=5)
            self.assertAlmostEqual(second.answered, UNCHANGED, delta=5)

    def test_an_answer_has_so_many_bytes_beside_its_body(self) -> None:
        root = Serving(self)
        data = snapshot(padding=82)  # 925 bytes, as the demo's
        self.assertEqual(len(data.identity), 925)
        root.hold(data)
        close = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n"
        for field, body, told in ((b"", data.identity, SMALL), (ZIP, data.gzip, ZIPPED - 501)):
            peer = root.connect()
            peer.send(close % field)
            whole = len(peer.read())
            expected = told if not field else told + len(body)
            self.assertAlmostEqual(whole, expected, delta=5)


ZIP = b"Accept-Encoding: gzip\r\n"


class TwoTiers(TestCase):
    def test_what_an_endpoint_sends_is_at_the_edge_within_the_periods(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        endpoints = Endpoints()
        self.addCleanup(endpoints.close)
        endpoints.play("/", array(["aaaaaaaa"]))
        root = self.gateway(folder / "root", f"0.2={endpoints.url('/')}")
        edge = self.gateway(folder / "edge", f"0.2=http://127.0.0.1:{root}/")
        wait_until(lambda: self.body(edge) == b'["aaaaaaaa"]', "the edge has the data")
        endpoints.play("/", array(["bbbbbbbb"]))
        changed = time.monotonic()
        wait_until(lambda: self.body(edge) == b'["bbbbbbbb"]', "the edge has the news")
        self.assertLess(time.monotonic() - changed, max(2.0, 5 * 0.4))

    def gateway(self, folder: Path, endpoint: str) -> int:
        """Run a client and a server, and tell the server's port once it has data."""
        folder.mkdir()
        where = ("--socket", str(folder / "snapshot.sock"))
        self.enterContext(Program("client", *where, "--endpoint", endpoint))
        server = self.enterContext(Program("server", *where, "--host", "127.0.0.1", "--port", "0"))
        server.wait_for("snapshot received")
        return server.port()

    def body(self, port: int) -> bytes:
        """Tell what is served at a port."""
        peer = Peer(self, port)
        try:
            return peer.ask().body
        finally:
            peer.close()


class Page(TestCase):
    def test_it_names_the_bytes_that_it_counts_with(self) -> None:
        page = (ROOT / "docs" / "fan-out.md").read_text()
        for count in (ASKED, UNCHANGED, SMALL, ZIPPED):
            with self.subTest(count):
                self.assertRegex(page, rf"(?<![\d,.]){re.escape(f'{count:,}')}(?![\d,])")
