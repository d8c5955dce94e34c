"""Endpoints from hell, all at once: one real client polls every fault beside what is good."""

import json
import os
import socket
import ssl
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from client.endpoint import parse_endpoint
from client.fetch import timed_out
from client.redaction import conceal
from tests.beats import share_on_grid
from tests.demo.behaviours import array
from tests.demo.endpoints import REMEMBERED, Endpoints
from tests.demo.faults import FAULTS, ODDITIES
from tests.processes import Program
from tests.serving import Peer
from tests.support import wait_until
from tests.test_bad_endpoints import reason_for
from tests.test_client_program import ClientTestCase
from tests.test_fetch import CERTIFICATES, MOST

PERIOD, GOOD_PERIOD = 1.0, 0.5  # seconds
TIMEOUT = 0.5  # seconds
POLLS = 5  # of each fault
DEADLINE = 60.0  # seconds; five times what the polls take
FIRST, THEN = ["630e1244", "5f4a8990"], ["aaaaaaaa"]


@contextmanager
def swallowing() -> Iterator[str]:
    """Have a URL of this machine at which nobody answers: the queue of its listener is full."""
    with ExitStack() as held:
        full = held.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            caller = held.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/"


@contextmanager
def refusing() -> Iterator[str]:
    """Have a URL of this machine at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}/"


@dataclass(frozen=True)
class Look:
    """What a process has at one moment."""

    threads: int
    descriptors: int
    resident: int
    """kB."""


def look(process: Program) -> Look:
    """Tell what it has now."""
    threads = len(os.listdir(f"/proc/{process.pid}/task"))
    return Look(threads, process.open_files(), process.resident())


class AllAtOnce(ClientTestCase):
    def setUp(self) -> None:
        """Name the endpoints, and how the reason of each begins that is to fail."""
        super().setUp()
        self.reasons: dict[str, str] = {}
        self.urls: list[str] = []
        for fault in FAULTS:
            url = self.endpoints.url(f"/{fault}?fault={fault}")
            self.expect_failure(url, reason_for(fault, TIMEOUT))
        self.expect_failure(self.enterContext(swallowing()), timed_out(TIMEOUT))
        self.expect_failure(self.enterContext(refusing()), "Connection refused")
        self.expect_failure(self.expired(), "certificate not accepted: certificate has expired")
        for name, behaviour in ODDITIES.items():
            self.endpoints.play(f"/{name}", behaviour)
        self.odd = [self.endpoints.url(f"/{name}") for name in ODDITIES]

    def expect_failure(self, url: str, reason: str) -> None:
        """Have one more endpoint that fails, for a reason that begins like this."""
        endpoint = parse_endpoint(f"{PERIOD:g}={url}")
        self.urls.append(url)
        self.reasons[endpoint.name] = conceal(reason, [endpoint.url])

    def expired(self) -> str:
        """Have an endpoint whose certificate has expired; tell its URL."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "expired.pem")
        endpoints = Endpoints(tls=context)
        self.addCleanup(endpoints.close)
        return endpoints.url("/expired")

    def start(self) -> tuple[Program, Program]:
        """Start a client of all of them, and a server."""
        endpoints = [f"{GOOD_PERIOD:g}={self.endpoints.url('/data')}"]
        endpoints += [f"{PERIOD:g}={url}" for url in self.odd + self.urls]
        client = self.client(
            *(f"--timeout={TIMEOUT:g}", f"--max-body={MOST}", "--log-format=json"),
            ENDPOINTS=" ".join(endpoints),
            SSL_CERT_FILE=str(CERTIFICATES / "expired.pem"),
        )
        place = ("--host", "127.0.0.1", "--port", "0", "--socket", str(self.socket))
        return client, self.enterContext(Program("server", *place))

    def served(self, server: Program) -> list[str]:
        """Tell what a server answers; nothing where it has no data yet."""
        peer = Peer(self, server.port())
        response = peer.ask()
        peer.close()
        return json.loads(response.body) if response.status == 200 else []

    def events(self, client: Program) -> list[dict[str, str]]:
        """Tell the lines of the client's log."""
        return [json.loads(line) for line in client.lines[:]]

    def test_each_fails_for_its_reason_and_the_good_ones_do_not_feel_it(self) -> None:
        client, server = self.start()
        wait_until(lambda: self.served(server)[:2] == FIRST, "the good data is served")
        looks = self.look_on(client, POLLS // 2)
        self.endpoints.play("/data", array(THEN))
        wait_until(lambda: self.served(server)[:1] == THEN, "the new data is served")
        later = self.look_on(client, POLLS)
        self.assert_flat(looks, later)
        wait_until(lambda: self.is_at_rest(client), "all that the polls took is given back")
        self.assertEqual(client.stop(), 0)
        self.assert_reasons(client)
        self.assert_successes(client)
        self.assert_on_the_grid()

    def look_on(self, client: Program, polls: int) -> list[Look]:
        """Look on until each has been polled so often, and tell what was seen."""
        looks: list[Look] = []

        def polled() -> bool:
            looks.append(look(client))
            time.sleep(0.02)
            # To count each by itself takes long, so it is not done in vain.
            some = len(client.logged("poll failed")) >= polls * len(self.reasons)
            return some and self.fewest_polls(client) >= polls

        wait_until(polled, f"each is polled {polls} times", DEADLINE)
        return looks

    def fewest_polls(self, client: Program) -> int:
        """Tell how often the one has been polled that has been polled least."""
        polls = Counter(event["endpoint"] for event in self.events(client) if "outcome" in event)
        return min(polls[name] for name in (*self.reasons, *self.odd))

    def assert_flat(self, before: list[Look], after: list[Look]) -> None:
        """Fail where something grows, or where a poll takes more than it may."""
        number = len(self.urls) + len(self.odd) + 1
        for each in before + after:
            self.assertLessEqual(each.threads, 2 * number + 5)  # a poll and its look-up
            self.assertLessEqual(each.descriptors, 2 * number + 20)  # a wire has two
        first, last = (max(look.resident for look in looks) for looks in (before, after))
        self.assertLess(last, first + 8_000)

    def is_at_rest(self, client: Program) -> bool:
        """Tell whether there is nothing but what a client has that polls one endpoint."""
        now = look(client)
        return now.threads <= 4 and now.descriptors <= 20

    def assert_reasons(self, client: Program) -> None:
        """Fail unless each poll of a fault is one line, which tells its reason."""
        told = defaultdict[str, list[str]](list)
        for event in self.events(client):
            name = event.get("endpoint", "")
            if name in self.reasons and event["message"] != "beats missed":
                self.assertEqual(event["message"], "poll failed", event)
                told[name].append(event["reason"])
        requests = self.endpoints.requests
        asked = Counter(request.path for request in requests if len(requests) < REMEMBERED)
        for name, begin in self.reasons.items():
            with self.subTest(name):
                # On a slow machine one or the other may be slower than its deadline.
                right = [each for each in told[name] if each.startswith(begin)]
                self.assertTrue(right, told[name])
                self.assertLessEqual({*told[name]} - {*right}, {timed_out(TIMEOUT)})
                self.assertLessEqual(max(map(len, told[name])), 300)
                self.assertTrue("".join(told[name]).isprintable(), told[name])
                self.assertGreaterEqual(len(told[name]), POLLS)
                path = "/" + name.partition("?")[0].rpartition("/")[2]
                if path in asked and "redirect" not in path:
                    self.assertIn(asked[path] - len(told[name]), (0, 1))  # one may be under way

    def assert_successes(self, client: Program) -> None:
        """Fail unless what is good, or only odd, has been polled well."""
        told = defaultdict[str, list[str]](list)
        for event in self.events(client):
            if "outcome" in event and event["endpoint"] not in self.reasons:
                told[event["endpoint"]].append(event.get("reason", "ok"))
        for url in (self.endpoints.url("/data"), *self.odd):
            with self.subTest(url):
                self.assertLessEqual({*told[url]}, {"ok", timed_out(TIMEOUT)})
                self.assertGreater(told[url].count("ok"), 0.7 * len(told[url]))
                self.assertGreaterEqual(len(told[url]), POLLS)

    def assert_on_the_grid(self) -> None:
        """Fail where the good endpoint's beat has been moved, or thinned out."""
        when = [each.when for each in self.endpoints.requests if each.path == "/data"]
        self.assertGreater(share_on_grid(when, GOOD_PERIOD), 0.5)
        beats = (when[-1] - when[0]) / GOOD_PERIOD
        self.assertLessEqual(len(when), beats + 2)
        self.assertGreater(len(when), 0.7 * beats)
