"""Endpoints from hell: every fault of the demo is a failure with its reason, for one fetch."""

import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from client.fetch import FetchError, timed_out
from client.items import ItemsError, parse
from client.redaction import conceal
from client.url import parse_url
from tests.demo.behaviours import array, head
from tests.demo.faults import BODIES, DRIPS, ENDLESS, FAULTS, ODDITIES, drip, endless
from tests.support import DEADLINE, wait_until
from tests.test_fetch import GOOD, MOST, FetchTestCase, get

SLOW = {"hang", *DRIPS}
"""What does not end before the deadline of a poll does."""

NOT_HTTP = "not HTTP/1: it begins with "
NO_STATUS = "not HTTP: not a status line: "
HEAD_TOO_LONG = "not HTTP: a head of more than 262144 bytes"
LINE_TOO_LONG = "not HTTP: a chunk's line of more than 16384 bytes"
NO_SUCH_URL = "want a URL that "

REASONS = {
    "status-000": NO_STATUS + "HTTP/1.1 000 OK",
    "status-99": NO_STATUS + "HTTP/1.1 99 OK",
    "status-1000": NO_STATUS + "HTTP/1.1 1000 OK",
    "status-abc": NO_STATUS + "HTTP/1.1 abc OK",
    "status-101": "status 101 Switching Protocols",
    "status-202": "status 202 Accepted",
    "status-204": "status 204 No Content",
    "status-205": "status 205 Reset Content",
    "status-206": "status 206 Partial Content",
    "status-300": "status 300 Multiple Choices",
    "status-304": "status 304 Not Modified",
    "status-404": "status 404 Not Found",
    "status-500": "status 500 Internal Server Error",
    "http-0.9": NOT_HTTP + r"\r\n[",
    "http-2-status-line": NOT_HTTP + "HTTP/2 200 OK",
    "http-2-preface": NOT_HTTP + "PRI * HTTP/2.0",
    "http-2-settings": NOT_HTTP + r"\x00\x00\x00\x04",
    "garbage": NOT_HTTP + r"\x16\x03\x01",
    "redirect-loop": "more than 5 redirects",
    "redirect-cycle": "more than 5 redirects",
    "redirect-endless-body": "more than 5 redirects",
    "redirect-to-ftp": f"a redirect to ftp://localhost/630e1244: {NO_SUCH_URL}begins with http",
    "redirect-to-gopher": f"a redirect to gopher://localhost/630e1244: {NO_SUCH_URL}begins",
    "redirect-to-file": f"a redirect to file:///etc/hostname: {NO_SUCH_URL}begins with http",
    "redirect-to-unix": f"a redirect to unix:/run/gateway/snapshot.sock: {NO_SUCH_URL}begins",
    "redirect-to-http-unix": "a redirect to http+unix://%2Frun%2Fgateway%2Fsnapshot.sock/: want",
    "redirect-to-data": f"a redirect to ***: {NO_SUCH_URL}begins with http",
    "redirect-to-javascript": f"a redirect to ***: {NO_SUCH_URL}begins with http",
    "redirect-to-no-host": f"a redirect to http://:80/: {NO_SUCH_URL}begins with http://HOST",
    "redirect-to-slashes": "a redirect to //: want a URL with a host",
    "redirect-to-a-scheme": "a redirect to http://: want a URL with a host",
    "redirect-to-an-empty-host": "a redirect to http:///630e1244: want a URL with a host",
    "redirect-to-no-authority": "a redirect to http:/630e1244: want a URL with a host",
    "redirect-to-no-port": "a redirect to http://***: want a port from 1 to 65535",
    "redirect-to-nul": r"a redirect to /630e\x001244: want a URL without control",
    "redirect-to-two-places": "status 302 with more than one Location",
    "redirect-to-nowhere": "status 302 without a Location",
    "redirect-far": "a redirect to a URL of 600",
    "truncated-body": "a body cut short: 977 bytes are missing",
    "length-too-short": "not JSON: the end of the body at byte 12",
    "length-huge": f"a body of {10**30} bytes, over the ",
    "length-of-4000-digits": "not HTTP: a Content-Length of 9999",
    "length-of-5000-digits": "not HTTP: a Content-Length of 9999",
    "length-negative": "not HTTP: a Content-Length of -1",
    "length-not-a-number": "not HTTP: a Content-Length of 23x",
    "two-lengths": "not HTTP: a Content-Length of 23, 24",
    "chunk-cut": "a body cut short",
    "chunk-without-size": "not HTTP: not a chunk size: size",
    "chunk-too-long": 'not HTTP: a chunk longer than its size: 990"]',
    "chunk-after-chunk-cut": "a body cut short",
    "no-colon": "not HTTP: a line of the head is no field, for it has no colon",
    "bare-carriage-return": "not HTTP: a carriage return within a line: X-Filler: 630e",
    "nul-in-name": r"not HTTP: a control character in a field name: X\x00Filler",
    "blank-before-colon": "not HTTP: a blank before the colon of Content-Length",
    "blank-before-fields": "not HTTP: a blank before the first field",
    "head-cut": "a head cut short",
    "gzip-transfer-coding": "transfer coding gzip, chunked, which was not asked for",
    "chunked-twice": "transfer coding chunked, chunked, which was not asked for",
    "chunked-with-a-parameter": "transfer coding chunked;a=b, which was not asked for",
    "more-headers-than-5000": "not HTTP: a head of more than 5000 lines",
    "hundred-thousand-headers": HEAD_TOO_LONG,
    "megabyte-header": HEAD_TOO_LONG,
    "gzip-bomb": "content coding gzip, which was not asked for",
    "deflate": "content coding deflate, which was not asked for",
    "huge-body": "a body of 10000000000 bytes, over the ",
    "endless-status-line": HEAD_TOO_LONG,
    "endless-interim": "not HTTP: more than 100 interim responses",
    "endless-hints": "not HTTP: more than 100 interim responses",
    "endless-headers": HEAD_TOO_LONG,
    "endless-header": HEAD_TOO_LONG,
    "endless-body": f"a body over the {MOST} bytes that are taken",
    "endless-chunks": f"a body over the {MOST} bytes that are taken",
    "endless-chunk-size": LINE_TOO_LONG,
    "endless-chunk-extension": LINE_TOO_LONG,
    "endless-chunk-extensions": f"a body over the {MOST} bytes that are taken",
    "negative-chunk": "not HTTP: not a chunk size: -1",
    "endless-trailer": LINE_TOO_LONG,
    "endless-trailers": "not HTTP: trailers of more than 65536 bytes",
    "reset": "Connection reset by peer",
    "reset-at-once": "Connection reset by peer",
    "close": "the connection was closed without an answer",
}
"""How the reason of each fault begins that does not lie in the body or in its slowness."""


def reason_for(fault: str, timeout: float) -> str:
    """Tell how the reason begins for which a poll of a fault fails."""
    if fault in SLOW:
        return timed_out(timeout)
    if fault not in BODIES:
        return REASONS[fault]
    if len(BODIES[fault]) > MOST:
        return f"a body of {len(BODIES[fault])} bytes, over the {MOST} that are taken"
    try:
        parse(BODIES[fault])
    except ItemsError as error:
        return str(error)
    raise AssertionError(f"{fault} is good")


class Faults(FetchTestCase):
    def outcome(self, fault: str, timeout: float = DEADLINE) -> str:
        """Tell how the fetch of a fault ends, and read its body where it has one."""
        try:
            fetched = get(self.endpoints.url(f"/?fault={fault}"), timeout=timeout)
            parse(fetched.body or b"")
        except (FetchError, ItemsError) as error:
            return str(error)
        return "a success"

    def none_is_open(self) -> None:
        """Wait until all connections have been closed."""
        wait_until(lambda: not self.endpoints.open_connections, "no connection is left open")

    def test_each_fault_has_its_reason_in_one_short_line(self) -> None:
        for fault in sorted(FAULTS.keys() - SLOW):
            with self.subTest(fault):
                # Here the fault's name is a value in a query, and so a secret.
                url = parse_url(self.endpoints.url(f"/?fault={fault}"))
                begin, reason = conceal(reason_for(fault, DEADLINE), [url]), self.outcome(fault)
                self.assertNotEqual(reason, "a success")
                self.assertEqual(reason[: len(begin)], begin)
                self.assertTrue(reason.isprintable(), reason)
                self.assertLessEqual(len(reason), 300)
        self.none_is_open()

    def test_none_outlasts_its_deadline(self) -> None:
        started = time.monotonic()
        with ThreadPoolExecutor(len(SLOW)) as threads:
            reasons = threads.map(lambda fault: self.outcome(fault, 0.3), SLOW)
        self.assertLess(time.monotonic() - started, DEADLINE)
        self.assertEqual(set(reasons), {timed_out(0.3)})
        self.none_is_open()

    def test_each_fault_is_named(self) -> None:
        self.assertEqual(FAULTS.keys(), SLOW | BODIES.keys() | REASONS.keys())

    def test_what_has_no_end_takes_no_memory(self) -> None:
        for fault in (*sorted(ENDLESS), "gzip-bomb", "redirect-endless-body"):
            with self.subTest(fault):
                self.outcome(fault, 0.3)  # so that what is allocated once is there
                tracemalloc.start()
                try:
                    self.outcome(fault, 0.3)
                    peak = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
                self.assertLess(peak, 20 * MOST)

    def test_what_only_looks_like_a_fault_is_a_success(self) -> None:
        for name, behaviour in ODDITIES.items():
            self.endpoints.play("/", behaviour)
            with self.subTest(name):
                items = parse(get(self.endpoints.url("/")).body or b"")
                self.assertTrue(items or "empty" in name)
        self.none_is_open()

    def test_the_body_of_a_redirect_is_not_awaited(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        found = head(302, {"Location": "/data"})
        for name, behaviour in {"endless": endless(found, b"x"), "drip": drip(found, b"x")}.items():
            self.endpoints.play("/", behaviour)
            with self.subTest(name):
                fetched = get(self.endpoints.url("/"))
                self.assertEqual(parse(fetched.body or b""), "".join(GOOD).encode())
        self.none_is_open()
