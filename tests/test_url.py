"""URLs: how they are taken apart, what is sent of them, and what is shown."""

import base64
import os
import time

from client.url import MAX_AUTHORITY, Url, parse_url, resolve
from server.problem import Problem
from server.request import parse
from tests.support import TestCase


def refusal(text: str) -> str:
    """Return why a URL is refused; empty where it is not."""
    try:
        parse_url(text)
    except ValueError as error:
        return str(error)
    return ""


class Parts(TestCase):
    def test_a_url_is_host_port_and_target(self) -> None:
        cases = {
            "http://Example.org": ("example.org", 80, "/"),
            "https://example.org:8443/a/b?c=d&e": ("example.org", 8443, "/a/b?c=d&e"),
            "https://example.org?q": ("example.org", 443, "/?q"),
            "http://example.org:/": ("example.org", 80, "/"),
            "http://example.org:65535/": ("example.org", 65535, "/"),
            "http://[::1]:8080/x#part": ("::1", 8080, "/x"),
            "http://[2001:DB8::1]/": ("2001:db8::1", 80, "/"),
            "HTTP://192.0.2.1/": ("192.0.2.1", 80, "/"),
            "http://a_b-c.example./": ("a_b-c.example.", 80, "/"),
        }
        for text, parts in cases.items():
            with self.subTest(text):
                url = parse_url(text)
                self.assertEqual((url.host, url.port, url.target), parts)

    def test_the_scheme_tells_the_port_that_need_not_be_said(self) -> None:
        for text, bare in (
            ("http://x:80/", "http://x/"),
            ("http://x:443/", "http://x:443/"),
            ("https://x:443/", "https://x/"),
            ("https://x:80/", "https://x:80/"),
        ):
            with self.subTest(text):
                url = parse_url(text)
                self.assertEqual(url.bare, bare)
                self.assertEqual(f"{url.scheme}://{url.authority}/", bare)

    def test_an_ipv6_address_has_its_brackets_wherever_it_is_sent(self) -> None:
        url = parse_url("https://u@[::1]:9/x")
        self.assertEqual((url.authority, url.tunnel_target), ("[::1]:9", "[::1]:9"))
        self.assertEqual(url.bare, "https://[::1]:9/x")
        self.assertEqual(parse_url("https://[::1]/").authority, "[::1]")
        self.assertEqual(parse_url("https://[::1]/").tunnel_target, "[::1]:443")
        self.assertEqual(parse_url("http://x:8/y?z").proxy_target, "http://x:8/y?z")

    def test_a_zone_is_taken_as_people_write_it_and_as_rfc_6874_does(self) -> None:
        for text, zone in (
            ("http://[fe80::1%eth0]/", "eth0"),
            ("http://[fe80::1%25eth0]/", "eth0"),
            ("http://[fe80::1%Eth0.5]/", "Eth0.5"),
            ("http://[fe80::1%25]/", "25"),
            ("http://[fe80::1%2]/", "2"),
        ):
            with self.subTest(text):
                url = parse_url(text)
                self.assertEqual((url.host, url.zone), ("fe80::1", zone))
                self.assertEqual(url.address, f"fe80::1%{zone}")
                self.assertEqual(url.bare, f"http://[fe80::1%25{zone}]/")
                self.assertEqual(parse_url(url.bare), url)

    def test_a_zone_is_not_sent_and_makes_another_origin(self) -> None:
        url = parse_url("http://[fe80::1%eth0]:81/")
        self.assertEqual((url.authority, url.tunnel_target), ("[fe80::1]:81", "[fe80::1]:81"))
        self.assertEqual((url.tls_name, url.proxy_target), ("fe80::1", "http://[fe80::1]:81/"))
        self.assertNotEqual(url.origin, parse_url("http://[fe80::1%eth1]:81/").origin)

    def test_the_dot_of_the_root_is_not_part_of_what_a_certificate_names(self) -> None:
        url = parse_url("https://example.org./")
        self.assertEqual((url.host, url.tls_name), ("example.org.", "example.org"))

    def test_an_origin_is_scheme_host_and_port(self) -> None:
        origin = parse_url("http://x/a").origin
        self.assertEqual(origin, parse_url("http://user@x:80/b").origin)
        for other in ("https://x/a", "http://y/a", "http://x:81/a"):
            self.assertNotEqual(origin, parse_url(other).origin)

    def test_what_is_no_url_is_refused_with_what_would_be_right(self) -> None:
        cases = {
            "": "want a URL that begins with http://HOST or https://HOST",
            "ftp://x": "want a URL that begins with http://HOST or https://HOST",
            "http://": "want a URL that begins with",
            "http://:80/": "want a URL that begins with",
            "http://[::1": "want a URL that can be read, of the form http://HOST:PORT/PATH",
            "http://x:ten/": "want a URL that can be read",
            "http://x:65536/": "want a port from 1 to 65535",
            "http://x:0/": "want a port from 1 to 65535",
            "http://x/a b": "want a URL without blanks, backslashes and control characters",
            "http://x\\y/": "want a URL without blanks, backslashes",
            "http://x/a\\b": "want a URL without blanks, backslashes",
            "http://x/\x7f": "want a URL without blanks",
            "http://x/\u00a0": "want a URL without blanks",
            "http://x/\u2028": "want a URL without blanks",
            "http://x!/": "want a host name of letters, digits, dots and hyphens, or an address",
            "http://a..b/": "want a host name of letters",
            f"http://{'x' * 64}/": "want a host name of letters",
            f"http://{'x.' * 127}x/": "want a host name of letters",
            "http://x%20y/": "want a host name of letters",
        }
        for text, reason in cases.items():
            with self.subTest(text):
                self.assertTrue(refusal(text).startswith(reason), refusal(text))

    def test_brackets_hold_an_ipv6_address_and_nothing_else(self) -> None:
        for text in (
            "http://[localhost]/",
            "http://[127.0.0.1]/",
            "http://[v1.ab]/",
            "http://[::1]x/",
            "http://[::g]/",
            "http://[fe80::1%]/",
            "http://[fe80::1%25a%20b]/",
            "http://[fe80::1%a%b]/",
            "http://[::1%a/b]/",
        ):
            with self.subTest(text):
                self.assertRegex(refusal(text), "^want a")

    def test_a_host_name_of_the_longest_length_is_taken(self) -> None:
        name = ".".join(["x" * 63] * 3 + ["y" * 61, ""])
        self.assertEqual(len(name), 254)
        self.assertEqual(parse_url(f"http://{name}/").host, name)


class Internationalized(TestCase):
    def test_a_name_is_sent_in_ascii(self) -> None:
        for name, host in {
            "bücher.example": "xn--bcher-kva.example",
            "BÜCHER.example": "xn--bcher-kva.example",
            "żółw.example.": "xn--w-uga1v8h.example.",
            "例え。テスト": "xn--r8jz45g.xn--zckzah",
            "ｅｘａｍｐｌｅ.org": "example.org",
            "ﬁ.example": "fi.example",
            "ΒΟΛΟΣ.example": "xn--nxaslbu.example",
            "ϲᾳ.example": "xn--mxaq2a.example",
            "😀.example": "xn--e28h.example",
            "☕\ufe0f.example": "xn--53h.example",
            "xn--bcher-kva.example": "xn--bcher-kva.example",
        }.items():
            with self.subTest(name):
                self.assertEqual(parse_url(f"http://{name}/").host, host)

    def test_one_that_idna_2003_makes_another_of_is_refused_with_the_right_one(self) -> None:
        for name, host in {
            "straße.example": "xn--strae-oqa.example",
            "STRAßE.example": "xn--strae-oqa.example",
            "βόλος.example": "xn--nxasmm1c.example",
            "نامه\u200cای.example": "xn--mgba3gch31f060k.example",
            "ශ්\u200dරී.example": "xn--10cl1a0b660p.example",
        }.items():
            with self.subTest(name):
                reason = f"want the host name in ASCII: {host}"
                self.assertEqual(refusal(f"http://{name}/"), reason)
                self.assertEqual(parse_url(f"http://{host}/").host, host)

    def test_one_that_cannot_be_encoded_is_refused(self) -> None:
        for name in ("ż" * 70, "ż..x", os.fsdecode(b"x\xff"), "ż" + "x" * 300):
            with self.subTest(name):
                self.assertRegex(refusal(f"http://{name}/"), "^want a host name")

    def test_no_length_takes_long(self) -> None:
        """The codec and the normalization take time by the square of it: seconds for 8 kB."""
        started = time.monotonic()
        letters = "".join(map(chr, range(0x4E00, 0x4E00 + 2600)))
        marks = "\u0345" * 1300 + "\u0334" * 1300
        for host in (letters, marks, f"{letters}@x", f"x.{letters[:250]}"):
            self.assertRegex(refusal(f"http://{host}/"), "^want a")
            with self.assertRaises(ValueError):
                resolve(parse_url("http://x/"), f"//{host}/")
        self.assertLess(time.monotonic() - started, 2)

    def test_a_long_name_of_a_user_is_taken_where_all_is_ascii(self) -> None:
        self.assertEqual(parse_url(f"http://{'u' * 10_000}@x/").host, "x")
        self.assertEqual(refusal(f"http://é{'u' * MAX_AUTHORITY}@x/"), "want a shorter URL")
        self.assertEqual(parse_url(f"http://é{'u' * (MAX_AUTHORITY - 3)}@x/é").host, "x")


class Sent(TestCase):
    """What is sent is what a strict server takes: this project's own is one."""

    def assert_sent(self, url: Url, target: str) -> None:
        """Check a target, and that our server takes a request for it."""
        self.assertEqual(url.target, target)
        for form in (url.target, url.proxy_target):
            request = f"GET {form} HTTP/1.1\r\nHost: {url.authority}\r\n\r\n".encode("ascii")
            found = parse(request)
            self.assertNotIsInstance(found, Problem, (form, found))

    def test_what_the_grammar_has_is_sent_as_it_is(self) -> None:
        path = "/az/AZ/09/-._~!$&'()*+,;=:@/%20%2f"
        self.assert_sent(parse_url(f"http://x{path}"), path)
        self.assert_sent(parse_url(f"http://x/?{path}?"), f"/?{path}?")

    def test_what_it_has_not_is_percent_encoded(self) -> None:
        for character in '"<>[]^`{|}':
            code = f"%{ord(character):02X}"
            with self.subTest(character):
                self.assert_sent(parse_url(f"http://x/a{character}"), f"/a{code}")
                self.assert_sent(parse_url(f"http://x/?a={character}"), f"/?a={code}")
        self.assert_sent(parse_url("http://x/?a=\\d"), "/?a=%5Cd")

    def test_a_lone_percent_is_encoded_itself(self) -> None:
        for text, target in (
            ("/50%", "/50%25"),
            ("/%zz", "/%25zz"),
            ("/%2", "/%252"),
            ("/%%20", "/%25%20"),
            ("/?a=50%&b=%41", "/?a=50%25&b=%41"),
        ):
            with self.subTest(text):
                self.assert_sent(parse_url(f"http://x{text}"), target)

    def test_bytes_are_sent_as_they_were_typed(self) -> None:
        raw = os.fsdecode(b"http://x/\xff\xc5\xbc?\xe9")
        self.assert_sent(parse_url(raw), "/%FF%C5%BC?%E9")
        self.assert_sent(parse_url("http://x/ż\u200c?é"), "/%C5%BC%E2%80%8C?%C3%A9")

    def test_a_host_of_every_kind_is_taken(self) -> None:
        for host in ("x", "x.:81", "[::1]", "[::1]:81", "[fe80::1%25lo]", "bücher.example"):
            with self.subTest(host):
                self.assert_sent(parse_url(f"http://{host}/"), "/")


class Credentials(TestCase):
    def sent(self, userinfo: str) -> bytes:
        """Return what is sent of a user and a password, decoded."""
        authorization = parse_url(f"http://{userinfo}@example.org/").authorization or ""
        return base64.b64decode(authorization.removeprefix("Basic "))

    def test_user_and_password_become_basic(self) -> None:
        url = parse_url("http://us%40er:pa%3Ass@example.org/")
        self.assertEqual(url.authorization, "Basic dXNAZXI6cGE6c3M=")
        self.assertEqual(url.bare, "http://example.org/")
        self.assertEqual(url.credentials, (b"us@er", b"pa:ss"))
        self.assertEqual(parse_url("http://example.org/").credentials, (b"", b""))

    def test_they_are_sent_byte_for_byte(self) -> None:
        for userinfo, sent in {
            "user:caf%E9": b"user:caf\xe9",
            "us%E9r:word": b"us\xe9r:word",
            "user:caf%C3%A9": b"user:caf\xc3\xa9",
            "user:café": b"user:caf\xc3\xa9",
            os.fsdecode(b"user:caf\xe9"): b"user:caf\xe9",
            "user:100%": b"user:100%",
            "user:a+b": b"user:a+b",
            "user": b"user:",
            ":word": b":word",
        }.items():
            with self.subTest(userinfo):
                self.assertEqual(self.sent(userinfo), sent)


class Resolved(TestCase):
    BASE = parse_url("https://user:word@example.org:8443/a/b?c")

    def test_a_location_is_resolved_as_rfc_3986_has_it(self) -> None:
        for location, bare in {
            "/x": "https://example.org:8443/x",
            "x?y": "https://example.org:8443/a/x?y",
            "../x": "https://example.org:8443/x",
            "?y": "https://example.org:8443/a/b?y",
            "//other/x": "https://other/x",
            "http://other": "http://other/",
            "HTTPS://Other:443/#part": "https://other/",
        }.items():
            with self.subTest(location):
                url = resolve(self.BASE, location)
                self.assertEqual((url.bare, url.authorization), (bare, None))

    def test_a_zone_stays_where_the_host_does(self) -> None:
        base = parse_url("http://[fe80::1%25eth0]/a")
        self.assertEqual(resolve(base, "/b").address, "fe80::1%eth0")

    def test_blanks_and_bytes_are_sent_as_curl_sends_them(self) -> None:
        for location, target in {
            "/a b?c d": "/a%20b?c+d",
            "/a?b c?d e": "/a?b+c?d+e",
            os.fsdecode(b"/\xff"): "/%FF",
            "/żółw": "/%C5%BC%C3%B3%C5%82w",
            "/\u00a0\u2028": "/%C2%A0%E2%80%A8",
            "/a\\b?c\\d": "/a%5Cb?c%5Cd",
            "?": "/a/b",
            "/50%?[x]": "/50%25?%5Bx%5D",
        }.items():
            with self.subTest(location):
                self.assertEqual(resolve(self.BASE, location).target, target)

    def test_a_location_without_a_host_is_refused(self) -> None:
        for location in ("//", "///x", "//?x", "http://", "https:///x", "HTTP:x", "http:/x"):
            with self.subTest(location), self.assertRaisesRegex(ValueError, "a URL with a host"):
                resolve(self.BASE, location)

    def test_a_location_that_is_none_is_refused(self) -> None:
        for location, reason in {
            "/\t": "without control characters",
            "/a\x00b": "without control characters",
            "/\x7f": "without control characters",
            "//x\\y/": "a host name",
            "ftp://x": "begins with http://HOST",
            "//x:y": "that can be read",
            "http://[x": "that can be read",
            "http://x y/": "a host name",
        }.items():
            with self.subTest(location), self.assertRaisesRegex(ValueError, reason):
                resolve(self.BASE, location)
