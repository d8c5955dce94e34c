"""Fetching, from real endpoints that behave and misbehave.

`tests/certificates` holds self-signed certificates for `localhost` with their keys, made for these
tests and good for nothing else: one for a hundred years, one that has expired.
"""

import base64
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

from client import tls
from client.fetch import Fetched, FetchError, Validators, fetch, timed_out
from client.lookup import Lookup
from client.url import parse_url
from client.wire import Wire
from tests.demo.behaviours import array, body, redirect, with_validators
from tests.demo.endpoints import Endpoints
from tests.demo.exchange import Exchange
from tests.demo.faults import INTERVAL
from tests.support import DEADLINE, TestCase, wait_until
from tests.test_lookup import HangingResolver
from tests.tunnel import TunnelProxy

GOOD = ["630e1244", "5f4a8990"]
GOOD_BODY = b'["630e1244","5f4a8990"]'
MOST = 100_000  # bytes; more than any good body here, less than the endless ones
CERTIFICATES = Path(__file__).parent / "certificates"


def get(
    url: str,
    validators: Validators | None = None,
    timeout: float = DEADLINE,
    lookup: Lookup | None = None,
) -> Fetched:
    """Fetch a URL, given up after the timeout in seconds."""
    wire = Wire(lookup or Lookup(), timeout)
    alarm = threading.Timer(timeout, wire.give_up, [timed_out(timeout)])
    alarm.start()
    try:
        return fetch(parse_url(url), validators or Validators(), MOST, wire)
    finally:
        alarm.cancel()
        alarm.join()


class FetchTestCase(TestCase):
    """A test with endpoints of its own, untouched by the proxies of the environment."""

    def setUp(self) -> None:
        """Put up the endpoints."""
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        patch = mock.patch.dict(os.environ, clean, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)

    def fails(self, act: Callable[[], object]) -> str:
        """Tell the reason for which a fetch fails; and it must fail."""
        with self.assertRaises(FetchError) as caught:
            act()
        reason = str(caught.exception)
        self.assertTrue(reason.isprintable(), reason)
        return reason


class Success(FetchTestCase):
    def test_a_good_answer_is_its_body(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        self.assertEqual(get(self.endpoints.url("/data")), Fetched(GOOD_BODY, Validators()))

    def test_the_request_is_a_plain_get_that_asks_for_json(self) -> None:
        self.endpoints.play("/data", array(GOOD))
        get(self.endpoints.url("/data?a=b"))
        request = self.endpoints.requests[0]
        self.assertEqual((request.method, request.target), ("GET", "/data?a=b"))
        self.assertEqual(request.headers["accept"], "application/json")
        self.assertEqual(request.headers["accept-encoding"], "identity")
        self.assertEqual(request.headers["connection"], "close")
        self.assertEqual("http://" + request.headers["host"] + "/", self.endpoints.url("/"))
        self.assertNotIn("authorization", request.headers)

    def test_an_ipv6_address_is_sent_in_brackets_and_without_its_zone(self) -> None:
        self.endpoints.play("/", array(GOOD))
        port = parse_url(self.endpoints.url("/")).port
        asked = list[str]()

        def resolve(host: str, port: int, type: int) -> list[Any]:  # noqa: A002
            asked.append(host)
            return [(socket.AF_INET, type, 0, "", ("127.0.0.1", port))]

        for host in ("[::1]", "[fe80::1%25eth0]"):
            get(f"http://{host}:{port}/", lookup=Lookup(resolve))
        self.assertEqual(asked, ["::1", "fe80::1%eth0"])
        hosts = [request.headers["host"] for request in self.endpoints.requests]
        self.assertEqual(hosts, [f"[::1]:{port}", f"[fe80::1]:{port}"])

    def test_a_target_is_sent_as_the_grammar_has_it(self) -> None:
        self.endpoints.play("/50%25", array(GOOD))
        get(self.endpoints.url("/50%?a=[1]&b=%zz"))
        self.assertEqual(self.endpoints.requests[0].target, "/50%25?a=%5B1%5D&b=%25zz")

    def test_user_and_password_are_sent_as_basic(self) -> None:
        self.endpoints.play("/", array(GOOD))
        get(self.endpoints.url("/").replace("http://", "http://user:pass@"))
        sent = self.endpoints.requests[0].headers["authorization"]
        self.assertEqual(base64.b64decode(sent.removeprefix("Basic ")), b"user:pass")

    def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not(self) -> None:
        self.endpoints.play("/", body(b" " * MOST))
        self.assertEqual(len(get(self.endpoints.url("/")).body or b""), MOST)
        self.endpoints.play("/", body(b" " * (MOST + 1)))
        self.assertIn(
            f"{MOST + 1} bytes, over the", self.fails(lambda: get(self.endpoints.url("/")))
        )

    def test_interim_answers_are_passed_over(self) -> None:
        for status in (b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 Whatever"):
            interim = b"HTTP/1.1 " + status + b"\r\nLink: </style.css>\r\n\r\n"
            start = interim * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n"
            self.endpoints.play("/", partial(Exchange.send, data=start + GOOD_BODY))
            with self.subTest(status):
                self.assertEqual(get(self.endpoints.url("/")).body, GOOD_BODY)

    def test_a_name_with_several_addresses_is_tried_at_each(self) -> None:
        self.endpoints.play("/", array(GOOD))
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            dead = (socket.AF_INET, socket.SOCK_STREAM, 0, "", closed.getsockname())
        port = parse_url(self.endpoints.url("/")).port
        alive = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
        both = Lookup(lambda host, port, type: [dead, alive])  # noqa: A006
        self.assertEqual(get("http://both.example/", lookup=both).body, GOOD_BODY)
        none = Lookup(lambda host, port, type: [dead, dead])  # noqa: A006
        reason = self.fails(lambda: get("http://none.example/", lookup=none))
        self.assertEqual(reason, "Connection refused")
        empty = Lookup(lambda host, port, type: [])  # noqa: A006
        reason = self.fails(lambda: get("http://empty.example/", lookup=empty))
        self.assertEqual(reason, "empty.example has no address")


class ConditionalRequests(FetchTestCase):
    def test_what_an_endpoint_offers_is_kept_and_sent_back(self) -> None:
        modified, date = "Tue, 24 Nov 2026 05:00:00 GMT", "Tue, 24 Nov 2026 05:00:01 GMT"
        offers = {
            "both": with_validators(GOOD, '"v1"', modified, date),
            "etag": with_validators(GOOD, 'W/"v1"'),
            "date": with_validators(GOOD, None, modified, date),
        }
        for name, behaviour in offers.items():
            with self.subTest(name):
                self.endpoints.play("/", behaviour)
                first = get(self.endpoints.url("/"))
                self.assertEqual(first.body, GOOD_BODY)
                second = get(self.endpoints.url("/"), first.validators)
                self.assertEqual(second, Fetched(None, first.validators))

    def test_a_date_of_change_that_may_name_two_versions_is_not_kept(self) -> None:
        """The data could change again within the second, RFC 9110, 8.8.2.2."""
        modified = "Tue, 24 Nov 2026 05:00:00 GMT"
        for date, is_kept in {
            "Tue, 24 Nov 2026 05:00:01 GMT": True,
            "Tuesday, 24-Nov-26 05:00:01 GMT": False,  # a form that is not sent any more
            "Tue, 31 Feb 2026 05:00:01 GMT": False,
            " Tue, 24 Nov 2026 05:00:01 GMT": True,
            "Tue, 24 Nov 2026 05:00:00 GMT": False,
            "Tue, 24 Nov 2026 04:59:59 GMT": False,
            "Tue, 24 Nov 99999999999999999999 05:00:01 GMT": False,
            "Tue, 24 Nov 2026 05:00:01 -0000": False,  # no time zone, as e-mail has it
            "yesterday": False,
            None: False,
        }.items():
            with self.subTest(date):
                self.endpoints.play("/", with_validators(GOOD, '"v1"', modified, date))
                validators = get(self.endpoints.url("/")).validators
                self.assertEqual(validators, Validators('"v1"', modified if is_kept else None))
        self.endpoints.play("/", with_validators(GOOD, None, "never", modified))
        self.assertEqual(get(self.endpoints.url("/")).validators, Validators())

    def test_data_that_changes_within_a_second_is_not_missed(self) -> None:
        now = "Tue, 24 Nov 2026 05:00:00 GMT"
        self.endpoints.play("/", with_validators(GOOD, None, now, now))
        first = get(self.endpoints.url("/"))
        self.endpoints.play("/", with_validators(["12345678"], None, now, now))
        self.assertEqual(get(self.endpoints.url("/"), first.validators).body, b'["12345678"]')

    def test_changed_data_comes_whole_with_its_own_validators(self) -> None:
        self.endpoints.play("/", with_validators(GOOD, etag='"v2"'))
        got = get(self.endpoints.url("/"), Validators('"v1"', None))
        self.assertEqual(got, Fetched(GOOD_BODY, Validators('"v2"', None)))

    def test_a_304_that_was_not_asked_for_is_a_failure(self) -> None:
        self.assertIn(
            "status 304", self.fails(lambda: get(self.endpoints.url("/?fault=status-304")))
        )

    def test_a_validator_that_cannot_be_sent_back_is_not_kept(self) -> None:
        for tag in (
            '"v\xe9"',
            f'"{"v" * 1000}"',
            "*",
            "v1",
            '"v 1"',
            '"v"1"',
            'w/"v1"',
            '"a", "b"',
        ):
            self.endpoints.play("/", body(GOOD_BODY, headers={"ETag": tag}))
            self.assertEqual(get(self.endpoints.url("/")).validators, Validators())


class Redirects(FetchTestCase):
    def test_five_are_followed_and_a_sixth_is_not(self) -> None:
        self.endpoints.play("/5", array(GOOD))
        for number, status in enumerate((301, 302, 303, 307, 308)):
            self.endpoints.play(f"/{number}", redirect(f"/{number + 1}", status))
        self.assertEqual(get(self.endpoints.url("/0")).body, GOOD_BODY)
        self.endpoints.play("/more", redirect("/0"))
        self.assertEqual(
            self.fails(lambda: get(self.endpoints.url("/more"))), "more than 5 redirects"
        )

    def test_credentials_stay_with_their_origin(self) -> None:
        other = Endpoints()
        self.addCleanup(other.close)
        self.endpoints.play("/", redirect("/same"))
        self.endpoints.play("/same", redirect(other.url("/other")))
        other.play("/other", array(GOOD))
        get(self.endpoints.url("/").replace("http://", "http://user:pass@"))
        self.assertTrue(all("authorization" in r.headers for r in self.endpoints.requests))
        self.assertNotIn("authorization", other.requests[0].headers)

    def test_validators_are_not_sent_to_where_a_redirect_leads(self) -> None:
        """Another resource may have the same ones, and would answer that nothing has changed."""
        held = Validators(etag='"v1"', last_modified="Sun, 06 Nov 1994 08:49:37 GMT")
        self.endpoints.play("/", redirect("/data"))
        other = with_validators(["12345678"], held.etag, held.last_modified)
        self.endpoints.play("/data", other)
        fetched = get(self.endpoints.url("/"), held)
        self.assertEqual(fetched.body, b'["12345678"]')
        first, second = (request.headers for request in self.endpoints.requests)
        self.assertEqual(first["if-none-match"], held.etag)
        self.assertNotIn("if-none-match", second)
        self.assertNotIn("if-modified-since", second)

    def test_a_location_in_raw_utf_8_is_followed(self) -> None:
        self.endpoints.play("/", body(b"", 302, {"Location": "/żółw".encode().decode("latin-1")}))
        self.endpoints.play("/%C5%BC%C3%B3%C5%82w", array(GOOD))
        self.assertEqual(get(self.endpoints.url("/")).body, GOOD_BODY)

    def test_a_location_with_blanks_and_raw_bytes_is_followed_as_by_curl(self) -> None:
        self.endpoints.play("/", body(b"", 302, {"Location": " /a b\xff?c d\t"}))
        self.endpoints.play("/a%20b%FF", array(GOOD))
        self.assertEqual(get(self.endpoints.url("/")).body, GOOD_BODY)
        self.assertEqual(self.endpoints.requests[-1].target, "/a%20b%FF?c+d")

    def test_a_redirected_answers_validators_are_not_kept(self) -> None:
        self.endpoints.play("/", redirect("/data"))
        self.endpoints.play("/data", with_validators(GOOD, etag='"v1"'))
        self.assertEqual(get(self.endpoints.url("/")).validators, Validators())

    def test_a_location_that_is_too_long_is_told_by_its_length(self) -> None:
        for length, reason in (
            (8000, "a redirect to ftp://localhost"),
            (8001, "of 8001 characters"),
        ):
            location = "ftp://localhost/".ljust(length, "a")
            self.endpoints.play("/", redirect(location))
            self.assertIn(reason, self.fails(lambda: get(self.endpoints.url("/"))))

    def test_secrets_of_a_redirect_and_of_a_proxy_are_not_told(self) -> None:
        self.endpoints.play("/", redirect("/other?sig=SignatureSecret"))

        def repeat(exchange: Exchange) -> None:
            told = f"{exchange.request.target} {exchange.request.headers}"
            exchange.send(f"HTTP/1.1 403 {told}\r\n\r\n".encode())

        self.endpoints.play("/other", repeat)
        self.endpoints.play("http://example.invalid/", repeat)
        reason = self.fails(lambda: get(self.endpoints.url("/")))
        self.assertIn("status 403 /other?sig=***", reason)
        proxy = self.endpoints.url("").replace("//", "//user:hunter2hunter2@")
        with mock.patch.dict(os.environ, {"http_proxy": proxy}):
            reason = self.fails(lambda: get("http://example.invalid/"))
        self.assertNotIn("aHVudGVyMmh1bnRlcjI", reason)
        self.assertNotIn("dXNlcjpodW50ZXIyaHVudGVyMg", reason)

    def test_an_entity_tag_with_a_secret_is_not_kept(self) -> None:
        """It would stand in the state file."""
        url = self.endpoints.url("/?key=secret12").replace("//", "//user:hunter2@")
        for tag, kept in (('"HUNTER2"', None), ('"a-secret12"', None), ('"v1"', '"v1"')):
            self.endpoints.play("/", body(GOOD_BODY, headers={"ETag": tag}))
            self.assertEqual(get(url).validators.etag, kept)

    def test_secrets_in_a_location_are_not_told(self) -> None:
        self.endpoints.play("/", redirect("ftp://user:secret@x/?token=secret"))
        reason = self.fails(lambda: get(self.endpoints.url("/")))
        self.assertIn("a redirect to ftp://***@x/?token=***: want a URL that begins", reason)
        self.assertNotIn("secret", reason)


class Failures(FetchTestCase):
    def test_a_line_of_the_head_that_is_no_field_is_told(self) -> None:
        lines = {
            b"no colon": "it has no colon",
            b"blank : before a colon": "a blank before the colon of blank",
            b"bare: carriage\rreturn": "a carriage return within a line",
            b"bare: carriage\r": "a carriage return within a line",
        }
        for line, status in product(lines, (b"200 OK", b"302 Found")):
            start = b"HTTP/1.1 " + status + b"\r\n" + line + b"\r\nContent-Length: 23\r\n\r\n"
            self.endpoints.play("/", partial(Exchange.send, data=start + GOOD_BODY))
            with self.subTest(line, status=status):
                reason = self.fails(lambda: get(self.endpoints.url("/")))
                self.assertIn(lines[line], reason)

    def test_a_length_that_is_none_is_told(self) -> None:
        two = b"23\r\nContent-Length: 24"
        for lengths in (b"9" * 5000, b"-1", b"23x", b"+23", b"", b"23, 24", b"23, 23", two):
            start = b"HTTP/1.1 200 OK\r\nContent-Length: " + lengths + b"\r\n\r\n"
            self.endpoints.play("/", partial(Exchange.send, data=start + GOOD_BODY))
            with self.subTest(lengths):
                reason = self.fails(lambda: get(self.endpoints.url("/")))
                self.assertIn("not HTTP: a Content-Length of", reason)

    def test_switching_protocols_is_no_interim_answer(self) -> None:
        start = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
        self.endpoints.play("/", lambda exchange: exchange.send(start))
        self.assertIn("status 101", self.fails(lambda: get(self.endpoints.url("/"))))

    def test_a_truncated_chunked_body_is_told(self) -> None:
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
        self.endpoints.play("/", lambda exchange: exchange.send(start))
        self.assertEqual(self.fails(lambda: get(self.endpoints.url("/"))), "a body cut short")

    def test_a_content_coding_that_was_not_asked_for_is_refused(self) -> None:
        self.endpoints.play("/", body(b"x", headers={"Content-Encoding": "gzip"}))
        reason = self.fails(lambda: get(self.endpoints.url("/")))
        self.assertEqual(reason, "content coding gzip, which was not asked for")

    def test_nobody_there_is_told(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/"
            self.assertEqual(self.fails(lambda: get(url)), "Connection refused")

    def test_a_name_that_does_not_exist_is_told(self) -> None:
        reason = self.fails(lambda: get("http://no.such.name.invalid/"))
        self.assertIn("name look-up failed", reason)

    def test_a_name_that_cannot_be_encoded_is_told(self) -> None:
        failure = UnicodeError("label too long")
        lookup = Lookup(mock.Mock(side_effect=failure))
        reason = self.fails(lambda: get("http://x.invalid/", lookup=lookup))
        self.assertEqual(reason, "name look-up failed: label too long")

    def test_a_look_up_that_hangs_is_given_up(self) -> None:
        resolver = HangingResolver()
        self.addCleanup(resolver.released.set)
        lookup = Lookup(resolver)
        for _ in range(3):
            reason = self.fails(lambda: get("http://slow.example/", timeout=0.2, lookup=lookup))
            self.assertEqual(reason, "no whole answer within 0.2 s")
        self.assertEqual(len(resolver.calls), 1)

    def test_an_address_that_swallows_packets_is_given_up(self) -> None:
        """A listener whose queue is full does not answer any more."""
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            callers = [socket.socket() for _ in range(4)]
            for caller in callers:
                self.addCleanup(caller.close)
                caller.setblocking(False)
                caller.connect_ex(address)
            reason = self.fails(lambda: get(f"http://127.0.0.1:{address[1]}/", timeout=0.2))
            self.assertIn("no whole answer", reason)

    def test_a_poll_that_is_given_up_before_it_connects_connects_no_more(self) -> None:
        wire = Wire(Lookup(), DEADLINE)
        wire.give_up("the client stops")
        url = parse_url(self.endpoints.url("/"))
        reason = self.fails(lambda: fetch(url, Validators(), MOST, wire))
        self.assertEqual(reason, "the client stops")
        self.assertEqual(self.endpoints.requests, [])

    def test_giving_up_what_has_ended_does_nothing(self) -> None:
        self.endpoints.play("/", array(GOOD))
        wire = Wire(Lookup(), DEADLINE)
        fetch(parse_url(self.endpoints.url("/")), Validators(), MOST, wire)
        wire.give_up("too late")
        wire.give_up("still too late")


class Tls(FetchTestCase):
    def endpoints_with(self, certificate: str, protocols: Sequence[str] = ()) -> Endpoints:
        """Put up endpoints with a certificate of that name, which speak some protocols."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / certificate)
        if protocols:
            context.set_alpn_protocols(protocols)
        endpoints = Endpoints(tls=context)
        self.addCleanup(endpoints.close)
        endpoints.play("/", array(GOOD))
        return endpoints

    def trust(self, certificate: str) -> None:
        """Have SSL_CERT_FILE name a certificate, for this test."""
        patch = mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(CERTIFICATES / certificate)})
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_trusted_endpoint_is_fetched(self) -> None:
        self.trust("localhost.pem")
        endpoints = self.endpoints_with("localhost.pem")
        self.assertEqual(get(endpoints.url("/")).body, GOOD_BODY)

    def test_the_application_protocol_is_offered(self) -> None:
        """There are servers that close on those who do not."""
        self.trust("localhost.pem")
        agreed = list[str | None]()
        endpoints = self.endpoints_with("localhost.pem", ["h2", "http/1.1"])
        endpoints.play("/", lambda exchange: agreed.append(exchange.application_protocol))
        self.fails(lambda: get(endpoints.url("/")))
        self.assertEqual(agreed, ["http/1.1"])

    def test_a_name_with_the_dot_of_the_root_is_verified_without_it(self) -> None:
        self.trust("localhost.pem")
        endpoints = self.endpoints_with("localhost.pem")
        port = parse_url(endpoints.url("/")).port
        here = Lookup(lambda host, port, type: [(socket.AF_INET, type, 0, "", ("127.0.0.1", port))])  # noqa: A006
        self.assertEqual(get(f"https://localhost.:{port}/", lookup=here).body, GOOD_BODY)
        self.assertEqual(endpoints.requests[0].headers["host"], f"localhost.:{port}")

    def test_authorities_are_taken_as_curl_takes_them_on_every_python(self) -> None:
        """One without what VERIFY_X509_STRICT wants; one whose own authority is not trusted."""
        for name in ("private", "lower"):
            with self.subTest(name):
                self.trust(f"{name}-authority.pem")
                port = parse_url(self.endpoints_with(f"{name}-endpoint.pem").url("/")).port
                here = Lookup(
                    lambda host, port, type: [(socket.AF_INET, type, 0, "", ("127.0.0.1", port))]  # noqa: A006
                )
                self.assertEqual(get(f"https://localhost:{port}/", lookup=here).body, GOOD_BODY)

    def test_a_file_of_certificates_that_is_replaced_is_read_again(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        file, new = folder / "authorities.pem", folder / "new"

        def replace(content: bytes) -> None:
            new.write_bytes(content)
            new.replace(file)

        replace((CERTIFICATES / "expired.pem").read_bytes())
        self.trust(str(file))
        url = self.endpoints_with("localhost.pem").url("/")
        self.fails(lambda: get(url))
        replace((CERTIFICATES / "localhost.pem").read_bytes())
        self.assertEqual(get(url).body, GOOD_BODY)
        with self.assertLogs("client", "WARNING") as logs:
            replace(b"nonsense")
            for _ in range(2):
                self.assertEqual(get(url).body, GOOD_BODY, "those from before count")
            file.unlink()
            self.assertEqual(get(url).body, GOOD_BODY, "those from before count")
        self.assertEqual([r.getMessage() for r in logs.records], [tls.NOT_READ] * 2)
        replace((CERTIFICATES / "expired.pem").read_bytes())
        self.assertIn("self-signed certificate", self.fails(lambda: get(url)))

    def test_an_endpoint_that_nobody_vouches_for_is_refused(self) -> None:
        self.trust("expired.pem")
        endpoints = self.endpoints_with("localhost.pem")
        reason = self.fails(lambda: get(endpoints.url("/")))
        self.assertEqual(reason, "certificate not accepted: self-signed certificate")

    def test_a_certificate_that_has_expired_is_refused(self) -> None:
        self.trust("expired.pem")
        endpoints = self.endpoints_with("expired.pem")
        reason = self.fails(lambda: get(endpoints.url("/")))
        self.assertEqual(reason, "certificate not accepted: certificate has expired")

    def test_a_certificate_for_another_name_is_refused(self) -> None:
        self.trust("localhost.pem")
        endpoints = self.endpoints_with("localhost.pem")
        url = endpoints.url("/").replace("127.0.0.1", "127.0.0.2")
        with socket.socket() as other:
            self.assertNotEqual(other.connect_ex(("127.0.0.2", parse_url(url).port)), 0)
        elsewhere = Lookup(
            lambda host, port, type: [(socket.AF_INET, type, 0, "", ("127.0.0.1", port))]  # noqa: A006
        )
        reason = self.fails(
            lambda: get(url.replace("127.0.0.2", "other.example"), lookup=elsewhere)
        )
        self.assertIn("certificate not accepted: Hostname mismatch", reason)

    def test_a_peer_that_speaks_no_tls_is_told(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                with suppress(ConnectionResetError):
                    while connection.recv(1024):
                        continue

        peer = threading.Thread(target=answer)
        peer.start()
        self.addCleanup(peer.join)
        reason = self.fails(lambda: get(f"https://127.0.0.1:{listener.getsockname()[1]}/"))
        self.assertIn("TLS failed", reason)

    def test_a_handshake_that_hangs_is_given_up(self) -> None:
        self.trust("localhost.pem")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
            self.assertEqual(
                self.fails(lambda: get(url, timeout=0.2)), "no whole answer within 0.2 s"
            )

    def test_a_handshake_that_drips_is_given_up(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def answer() -> None:
            with listener.accept()[0] as connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00\x02")  # of 16 kB of a ServerHello
                while True:
                    time.sleep(INTERVAL)
                    connection.sendall(b"\0")

        peer = threading.Thread(target=answer)
        peer.start()
        self.addCleanup(peer.join)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        self.assertEqual(self.fails(lambda: get(url, timeout=0.2)), "no whole answer within 0.2 s")

    def test_a_dripping_body_is_given_up(self) -> None:
        self.trust("localhost.pem")
        endpoints = self.endpoints_with("localhost.pem")
        url = endpoints.url("/?fault=drip-body")
        self.assertEqual(self.fails(lambda: get(url, timeout=0.2)), "no whole answer within 0.2 s")
        wait_until(lambda: not endpoints.open_connections, "no connection is left open")

    def test_a_redirect_from_https_to_http_is_refused(self) -> None:
        self.trust("localhost.pem")
        endpoints = self.endpoints_with("localhost.pem")
        endpoints.play("/", redirect(self.endpoints.url("/")))
        reason = self.fails(lambda: get(endpoints.url("/")))
        self.assertIn("a redirect from https to http://127.0.0.1", reason)


class Proxies(FetchTestCase):
    """The endpoints play the proxy: they see the request that a proxy would."""

    def through(self, variable: str, url: str) -> None:
        """Have the environment name a proxy, for this test."""
        patch = mock.patch.dict(os.environ, {variable: url})
        patch.start()
        self.addCleanup(patch.stop)

    def test_http_goes_through_the_proxy_in_absolute_form(self) -> None:
        self.through("http_proxy", self.endpoints.url("").replace("//", "//user:pass@"))
        self.endpoints.play("http://example.invalid:81/data", array(GOOD))
        self.assertEqual(get("http://example.invalid:81/data").body, GOOD_BODY)
        request = self.endpoints.requests[0]
        self.assertEqual(request.headers["host"], "example.invalid:81")
        self.assertEqual(request.headers["proxy-authorization"], "Basic dXNlcjpwYXNz")

    def test_https_asks_the_proxy_for_a_tunnel(self) -> None:
        self.through("https_proxy", self.endpoints.url("").replace("//", "//user:pass@"))
        reason = self.fails(lambda: get("https://example.invalid/data"))
        self.assertRegex(reason, "^the proxy 127.0.0.1:[0-9]+ opens no tunnel: status 405 Method")

    def test_https_goes_through_the_tunnel_that_any_2xx_opens(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "localhost.pem")
        endpoints = Endpoints(tls=context)
        self.addCleanup(endpoints.close)
        endpoints.play("/data", array(GOOD))
        port = parse_url(endpoints.url("/")).port
        self.through("SSL_CERT_FILE", str(CERTIFICATES / "localhost.pem"))
        for status in (b"200 Connection established", b"204 No Content", b"299 "):
            # A length means nothing here: RFC 9112, 6.3, point 2.
            answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\n\r\n"
            with self.subTest(status), TunnelProxy(answer, port) as proxy:
                self.through("https_proxy", proxy.url.replace("//", "//user:pa%E9s@"))
                self.assertEqual(get("https://localhost:444/data").body, GOOD_BODY)
                lines = proxy.heads[0].split(b"\r\n")
                self.assertEqual(lines[0], b"CONNECT localhost:444 HTTP/1.1")
                self.assertIn(b"Host: localhost:444", lines)
                credentials = base64.b64encode(b"user:pa\xe9s")
                self.assertIn(b"Proxy-Authorization: Basic " + credentials, lines)

    def test_a_tunnel_to_an_ipv6_address_has_it_in_brackets(self) -> None:
        with TunnelProxy(b"HTTP/1.1 503 Not now\r\n\r\n") as proxy:
            self.through("https_proxy", proxy.url)
            for host in ("[2001:db8::1]", "[2001:db8::1%25eth0]"):
                reason = self.fails(lambda: get(f"https://{host}/"))  # noqa: B023
                self.assertIn("opens no tunnel: status 503 Not now", reason)
        for head in proxy.heads:
            self.assertTrue(head.startswith(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"), head)
            self.assertIn(b"\r\nHost: [2001:db8::1]:443\r\n", head)

    def test_a_proxy_that_talks_before_the_tunnel_is_refused(self) -> None:
        with TunnelProxy(b"HTTP/1.1 200 OK\r\n\r\nhello") as proxy:
            self.through("https_proxy", proxy.url)
            reason = self.fails(lambda: get("https://localhost/"))
        self.assertIn("sends data along with its answer", reason)

    def test_no_proxy_is_honoured(self) -> None:
        self.through("http_proxy", "http://127.0.0.1:1")
        self.through("no_proxy", "127.0.0.1")
        self.endpoints.play("/", array(GOOD))
        self.assertEqual(get(self.endpoints.url("/")).body, GOOD_BODY)

    def test_a_proxy_that_cannot_be_reached_is_told_as_such(self) -> None:
        for scheme in ("http_proxy", "https_proxy"):
            self.through(scheme, "http://user:secret@127.0.0.1:1")
        for scheme in ("http", "https"):
            reason = self.fails(lambda: get(f"{scheme}://example.invalid/"))  # noqa: B023
            self.assertEqual(reason, "the proxy 127.0.0.1:1: Connection refused")

    def test_a_proxy_may_be_named_without_a_scheme(self) -> None:
        self.through("http_proxy", self.endpoints.url("").removeprefix("http://"))
        self.endpoints.play("http://example.invalid/", array(GOOD))
        self.assertEqual(get("http://example.invalid/").body, GOOD_BODY)

    def test_a_proxy_that_cannot_be_used_is_told_without_its_secrets(self) -> None:
        self.through("http_proxy", "socks5://user:secret@127.0.0.1:1")
        reason = self.fails(lambda: get("http://example.invalid/"))
        self.assertEqual(
            reason, "the proxy socks5://***@127.0.0.1:1 is not of the form http://HOST:PORT"
        )
