"""Endpoints: `SECONDS=URL` and what becomes of it."""

from client.endpoint import parse_endpoint, split_endpoints
from tests.support import TestCase


class ParsedEndpoints(TestCase):
    def test_an_endpoint_is_a_period_and_a_url(self) -> None:
        endpoint = parse_endpoint("15=http://example.org/data")
        self.assertEqual((endpoint.period, endpoint.name), (15.0, "http://example.org/data"))
        self.assertEqual(endpoint.url.bare, "http://example.org/data")

    def test_bad_endpoints_are_refused_with_what_would_be_right(self) -> None:
        cases = {
            "http://x": "want SECONDS=URL",
            "http://x?a=b": "want a number of seconds",
            "abc=http://x": "want a number of seconds",
            "0=http://x": "want a number of seconds from 0.01 up",
            "0.009=http://x": "want a number of seconds from 0.01 up",
            "-5=http://x": "want a number of seconds",
            "nan=http://x": "want a number of seconds",
            "inf=http://x": "want a number of seconds",
            "1e3=http://x": "want a number of seconds",
            "=http://x": "want a number of seconds",
            "15=": "want a URL that begins with",
            "15=ftp://x": "want a URL that begins with http://HOST or https://HOST",
            "15=notaurl": "want a URL that begins with",
            "15=http://": "want a URL that begins with",
            "15=http:///path": "want a URL that begins with",
            "15=//x/path": "want a URL that begins with",
            "15=http://x:70000/": "want a port",
            "15=http://x:ten/": "want a URL that can be read",
            "15=http://x:0/": "want a port",
            f"15=http://x:{'9' * 5000}/": "want a port",
            "15=http://x/data,30=http://y/": "want white space between endpoints",
            "15=http://x:80;30=HTTPS://y": "want white space between endpoints",
            "15=http://[::1/": "want a URL that can be read",
            "15=http://x/a b": "want a URL without blanks",
            "15=http://x/\r\nHost: y": "want a URL without blanks",
            "15=http://x\\y/": "want a URL without blanks, backslashes",
            "15=http://x_y!/": "want a host name",
            "15=http://a..b/": "want a host name",
            "15=http://.../": "want a host name",
            "15=http://[::1]x/": "want a",
            f"15=http://{'x' * 64}/": "want a host name",
            f"15=http://{'x.' * 130}x/": "want a host name",
            "15=http://" + "ż" * 70 + "/": "want a host name that IDNA can encode",
        }
        for text, reason in cases.items():
            with self.subTest(text), self.assertRaisesRegex(ValueError, reason):
                parse_endpoint(text)

    def test_what_would_be_right_is_told_without_a_password(self) -> None:
        for text in (
            "15=http://user:secret/p@x/",
            "15=http://user:p[secret]w@x/",
            "15=http://user:p℀secret@x/",
            "15=http://user:secret w@x/",
            "15=user:secret@x",
        ):
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                parse_endpoint(text)
            self.assertNotIn("secret", str(caught.exception))

    def test_the_timeout_is_ten_seconds_or_nine_tenths_of_a_short_period(self) -> None:
        self.assertEqual(parse_endpoint("15=http://x/").timeout(None), 10)
        self.assertAlmostEqual(parse_endpoint("2=http://x/").timeout(None), 1.8)
        self.assertEqual(parse_endpoint("2=http://x/").timeout(5.0), 5)

    def test_the_key_tells_urls_apart_by_query_and_user_too(self) -> None:
        texts = ("http://x/", "http://x/?a=1", "http://x/?a=2", "http://u:p@x/", "http://v:p@x/")
        keys = {parse_endpoint(f"15={text}").key for text in texts}
        self.assertEqual(len(keys), len(texts))
        self.assertEqual(parse_endpoint("1=http://x/").key, parse_endpoint("2=http://x:80/").key)

    def test_the_key_knows_no_password(self) -> None:
        first, second = (parse_endpoint(f"1=http://u:{word}@x/") for word in ("old", "new%3A"))
        self.assertEqual(first.key, second.key)


class Variables(TestCase):
    def test_a_variable_is_split_before_each_endpoint_and_not_within_a_url(self) -> None:
        cases = {
            "15=http://x/a": ["15=http://x/a"],
            " 15=http://x/a \n\t.5=https://y ": ["15=http://x/a", ".5=https://y"],
            "15=http://x/a 30=nonsense": ["15=http://x/a", "30=nonsense"],
            "15=http://x/a abc=HTTP://y": ["15=http://x/a", "abc=HTTP://y"],
            "15=http://x/a b": ["15=http://x/a b"],
            "15=http://u:se cret@x 30=http://y": ["15=http://u:se cret@x", "30=http://y"],
            "15=http://u:80 se cret=a@x": ["15=http://u:80 se cret=a@x"],
        }
        for text, parts in cases.items():
            with self.subTest(text):
                self.assertEqual(split_endpoints(text), parts)


class Names(TestCase):
    def test_an_endpoints_name_keeps_its_host_whatever_its_path_holds(self) -> None:
        cases = {
            "http://x/a@b": "http://x/a@b",
            "http://user:secret@x:81/a@b?c=secret": "http://***@x:81/a@b?c=***",
        }
        for text, name in cases.items():
            with self.subTest(text):
                self.assertEqual(parse_endpoint(f"15={text}").name, name)
