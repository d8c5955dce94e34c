"""Endpoints: `SECONDS=URL` and what becomes of it."""

from client.endpoint import parse_endpoint
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


class Concealed(TestCase):
    def test_an_endpoints_secrets_are_taken_out_of_what_it_answers(self) -> None:
        endpoint = parse_endpoint("15=http://user:se%2Fcret@x/?key=hidden%20key&v=1")
        cases = {
            "no user named se/cret": "no *** named ***",
            "no user named se%2Fcret": "no *** named ***",
            "/?key=hidden+key and /?key=hidden%20key": "/?key=hidden+key and /?key=***",
            "Basic dXNlcjpzZS9jcmV0": "Basic ***",
            'bad key "hidden key"': 'bad key "***"',
            "status 401": "status 401",
        }
        for text, concealed in cases.items():
            with self.subTest(text):
                self.assertEqual(endpoint.conceal(text), concealed)

    def test_a_secret_that_begins_like_another_leaves_nothing_of_it(self) -> None:
        endpoint = parse_endpoint("15=http://x/?a=secret&b=secret12&c=12secret12")
        concealed = endpoint.conceal("secret secret12 12secret12")
        self.assertEqual(concealed, "*** *** ***")

    def test_secrets_that_are_no_utf_8_are_taken_out_however_they_are_shown(self) -> None:
        endpoint = parse_endpoint("15=http://us%E9r:caf%E9@x/?key=%FFkey")
        for text in ("caf\xe9", r"caf\xe9", "caf%E9", "us\xe9r:caf\xe9", r"\xffkey", "%FFkey"):
            with self.subTest(text):
                self.assertEqual(endpoint.conceal(f"bad: {text}"), "bad: ***")

    def test_a_query_without_a_name_is_a_secret_too(self) -> None:
        endpoint = parse_endpoint("15=http://x/?secret&a=b")
        self.assertEqual(endpoint.conceal("no secret"), "no ***")

    def test_what_is_too_short_to_be_told_from_other_text_stays(self) -> None:
        endpoint = parse_endpoint("15=http://x/?a=abc&b=abcd")
        self.assertEqual(endpoint.conceal("abc abcd"), "abc ***")

    def test_an_endpoint_without_secrets_conceals_nothing(self) -> None:
        self.assertEqual(parse_endpoint("15=http://x/").conceal("status 500"), "status 500")


class Names(TestCase):
    def test_an_endpoints_name_keeps_its_host_whatever_its_path_holds(self) -> None:
        cases = {
            "http://x/a@b": "http://x/a@b",
            "http://user:secret@x:81/a@b?c=secret": "http://***@x:81/a@b?c=***",
        }
        for text, name in cases.items():
            with self.subTest(text):
                self.assertEqual(parse_endpoint(f"15={text}").name, name)
