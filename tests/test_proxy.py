"""Proxies: which one the environment names, and which hosts are reached without it."""

import os
from unittest import mock

from client.proxy import ProxyError, bypasses, proxy_for
from client.url import Url, parse_url
from tests.support import TestCase


class NoProxy(TestCase):
    def test_a_name_stands_for_itself_and_all_below_it(self) -> None:
        for no_proxy in ("example.org", ".example.org", "example.org.", "EXAMPLE.org", ".org"):
            for host in ("example.org", "a.example.org", "a.b.example.org."):
                with self.subTest(no_proxy, host=host):
                    self.assertTrue(bypasses(no_proxy, host, 80))
        for no_proxy in ("example.org", ".example.org", "a.example.org", "*.example.org", "rg"):
            for host in ("notexample.org", "example.org.uk", "localhost"):
                with self.subTest(no_proxy, host=host):
                    self.assertFalse(bypasses(no_proxy, host, 80))

    def test_entries_are_separated_by_commas_blanks_or_both(self) -> None:
        for no_proxy in ("a,b,c", "a, b, c", "a b c", " a ,\tb\n,, c ", ",b,"):
            with self.subTest(no_proxy):
                self.assertTrue(bypasses(no_proxy, "b", 80))
                self.assertFalse(bypasses(no_proxy, "d", 80))

    def test_an_asterisk_alone_stands_for_all(self) -> None:
        self.assertTrue(bypasses(" * ", "example.org", 80))
        self.assertTrue(bypasses("*", "::1", 80))
        for no_proxy in ("a,*", "*.example.org", "**", ""):
            self.assertFalse(bypasses(no_proxy, "example.org", 80))

    def test_an_address_stands_for_itself(self) -> None:
        for no_proxy, host in (
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("2001:db8::0:1", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
        ):
            with self.subTest(no_proxy):
                self.assertTrue(bypasses(no_proxy, host, 80))
        for no_proxy, host in (
            ("127.0.0.1", "127.0.0.2"),
            ("0.0.1", "127.0.0.1"),
            (".1", "127.0.0.1"),
            ("::1", "::2"),
            ("127.0.0.1", "::1"),
        ):
            with self.subTest(no_proxy, host=host):
                self.assertFalse(bypasses(no_proxy, host, 80))

    def test_a_network_stands_for_its_addresses(self) -> None:
        for no_proxy in (
            "192.168.0.0/16",
            "192.168.1.2/16",
            "10.0.0.0/8 192.168.0.0/16",
            "0.0.0.0/0",
        ):
            with self.subTest(no_proxy):
                self.assertTrue(bypasses(no_proxy, "192.168.255.1", 80))
        for no_proxy in (
            "192.168.0.0/24",
            "192.168.0.0/33",
            "192.168.0.0/x",
            "192.168.0.0/",
            "/16",
        ):
            with self.subTest(no_proxy):
                self.assertFalse(bypasses(no_proxy, "192.168.255.1", 80))
        self.assertTrue(bypasses("2001:db8::/32", "2001:db8:1::1", 80))
        self.assertTrue(bypasses("[2001:db8::]/32", "2001:db8:1::1", 80))
        self.assertFalse(bypasses("2001:db8::/48", "2001:db8:1::1", 80))
        self.assertFalse(bypasses("192.168.0.0/16", "a.192.168.0.1", 80))

    def test_a_port_limits_an_entry_to_it(self) -> None:
        for no_proxy, host in (
            ("example.org:8080", "a.example.org"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("[::1]:8080", "::1"),
        ):
            with self.subTest(no_proxy):
                self.assertTrue(bypasses(no_proxy, host, 8080))
                self.assertFalse(bypasses(no_proxy, host, 80))


class Environment(TestCase):
    def proxy(self, url: str, **environment: str) -> Url | None:
        """Return the proxy for a URL in an environment."""
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        with mock.patch.dict(os.environ, clean | environment, clear=True):
            return proxy_for(parse_url(url))

    def test_each_scheme_has_its_own(self) -> None:
        environment = {"http_proxy": "http://one:81", "https_proxy": "http://two:82/"}
        first = self.proxy("http://x/", **environment)
        second = self.proxy("https://x/", **environment)
        assert first and second
        self.assertEqual((first.host, first.port), ("one", 81))
        self.assertEqual((second.host, second.port), ("two", 82))
        self.assertIsNone(self.proxy("https://x/", http_proxy="http://one"))

    def test_it_may_be_named_without_a_scheme_with_user_and_password_or_in_capitals(self) -> None:
        for text in ("user:pa%E9s@one:81", "http://user:pa%E9s@one:81"):
            for name in ("http_proxy", "HTTP_PROXY"):
                found = self.proxy("http://x/", **{name: text})
                assert found
                self.assertEqual((found.host, found.port), ("one", 81))
                self.assertEqual(found.credentials, (b"user", b"pa\xe9s"))

    def test_it_may_be_an_ipv6_address(self) -> None:
        for text, port in (("http://[::1]:81", 81), ("[::1]", 80)):
            found = self.proxy("http://x/", http_proxy=text)
            assert found
            self.assertEqual((found.host, found.port), ("::1", port))

    def test_what_no_proxy_names_has_none(self) -> None:
        environment = {"http_proxy": "http://one:81", "no_proxy": "10.0.0.0/8, x:81"}
        self.assertIsNone(self.proxy("http://10.1.2.3/", **environment))
        self.assertIsNone(self.proxy("http://x:81/", **environment))
        self.assertIsNotNone(self.proxy("http://x/", **environment))

    def test_one_that_cannot_be_used_is_refused_without_its_secrets(self) -> None:
        for text in (
            "socks5://user:secret@one",
            "https://user:secret@one",
            "http://user:secret@a b",
        ):
            with self.subTest(text), self.assertRaises(ProxyError) as caught:
                self.proxy("http://x/", http_proxy=text)
            reason = str(caught.exception)
            self.assertRegex(reason, r"^the proxy \w+://\*\*\*@.* is not of the form http://HOST")
