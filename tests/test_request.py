"""Requests: what a head means, by section of RFC 9112 unless another RFC is named."""

from http import HTTPStatus

from server.problem import Problem
from server.request import MAX_FIELDS, Persistence, Request, parse
from tests.support import TestCase


def head(*lines: str) -> bytes:
    """Put lines together to a head."""
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def parsed(*lines: str) -> Request:
    """Parse a head that is valid."""
    request = parse(head(*lines))
    assert isinstance(request, Request), request
    return request


class Refusing(TestCase):
    def assert_refused(self, status: int, *lines: str) -> None:
        """Check that a head is refused with this status, and that the connection ends with it."""
        problem = parse(head(*lines))
        with self.subTest(lines):
            self.assertIsInstance(problem, Problem)
            assert isinstance(problem, Problem)
            self.assertEqual((problem.status, problem.closes), (HTTPStatus(status), True))


class RequestLines(Refusing):
    """3: the request line."""

    def test_a_plain_get_is_understood(self) -> None:
        request = parsed("GET / HTTP/1.1", "Host: localhost:8080", "X-Word:  two words\t")
        self.assertEqual((request.method, request.path), ("GET", "/"))
        self.assertEqual(request.fields["host"], "localhost:8080")
        self.assertEqual(request.fields["x-word"], "two words")
        self.assertFalse(request.has_body)

    def test_what_is_not_three_words_with_single_blanks_is_refused(self) -> None:
        for line in (
            "GET",
            "GET /",
            "GET  / HTTP/1.1",
            "GET /  HTTP/1.1",
            "GET / HTTP/1.1 ",
            " GET / HTTP/1.1",
            "GET\t/\tHTTP/1.1",
            "GET / x HTTP/1.1",
            "",
        ):
            self.assert_refused(400, line, "Host: x")

    def test_a_method_is_a_token(self) -> None:
        self.assertEqual(parsed("B!REW / HTTP/1.1", "Host: x").method, "B!REW")
        for method in ("G(T", "GÉT", "GE\x00T", '"GET"'):
            self.assert_refused(400, f"{method} / HTTP/1.1", "Host: x")

    def test_a_version_is_taken_to_the_letter(self) -> None:
        """2.3: major and minor are one digit each."""
        for version in ("http/1.1", "HTTP/1", "HTTP/1.", "HTTP/11", "HTTP/01.1", "HTTP/1.10"):
            self.assert_refused(400, f"GET / {version}", "Host: x")
        for version in ("HTTP 1.1", "HTTP/1.x", "HTTP/-1.1", "HTTP/1,1", "XTTP/1.1", "HTTP/1.¹"):
            self.assert_refused(400, f"GET / {version}", "Host: x")

    def test_later_minor_versions_are_taken_for_1_1(self) -> None:
        """RFC 9110, 6.2."""
        for minor in range(1, 10):
            request = parsed(f"GET / HTTP/1.{minor}", "Host: x")
            self.assertIs(request.persistence, Persistence.PERSISTENT)

    def test_other_major_versions_are_not_spoken(self) -> None:
        for version in ("0.9", "2.0", "3.0", "9.9"):
            self.assert_refused(505, f"GET / HTTP/{version}", "Host: x")


class Targets(Refusing):
    """3.2: the request target."""

    def test_the_query_does_not_count(self) -> None:
        for target in ("/", "/?", "/?a=1&b=/?:@", "/?%20", "http://x", "http://x/", "HTTP://x?q"):
            self.assertEqual(parsed(f"GET {target} HTTP/1.1", "Host: x").path, "/")

    def test_the_path_is_told_as_it_is(self) -> None:
        for target, path in {
            "//": "//",
            "/data": "/data",
            "/a/b;c=d%2F?x": "/a/b;c=d%2F",
            "http://[::1]:8080/data?x": "/data",
        }.items():
            self.assertEqual(parsed(f"GET {target} HTTP/1.1", "Host: x").path, path)

    def test_what_belongs_in_no_target_is_refused(self) -> None:
        for target in (
            "data",
            "?q",
            "/#fragment",
            "/?q#fragment",
            "/%",
            "/%2",
            "/%zz",
            "/\\",
            '/"',
            "/<script>",
            "/{}",
            "/|",
            "/^",
            "/`",
            "/é",
            "/\x7f",
            "http:///",
            "http://user@x/",
            "http://x,y/",
            "http://x:port/",
            "http://x:99999/",
            "http://[:]/",
            "https://x/",
            "ftp://x/",
            "http:/x",
            "*",
            "x:80",
        ):
            self.assert_refused(400, f"GET {target} HTTP/1.1", "Host: x")

    def test_the_authority_form_is_for_connect_and_the_asterisk_for_options(self) -> None:
        """3.2.3 and 3.2.4."""
        self.assertEqual(parsed("CONNECT x:443 HTTP/1.1", "Host: x").path, "")
        self.assertEqual(parsed("OPTIONS * HTTP/1.1", "Host: x").path, "")
        self.assert_refused(400, "CONNECT / HTTP/1.1", "Host: x")
        self.assert_refused(400, "CONNECT x HTTP/1.1", "Host: x")
        self.assert_refused(400, "CONNECT x:99999 HTTP/1.1", "Host: x")
        self.assert_refused(400, "POST * HTTP/1.1", "Host: x")


class Hosts(Refusing):
    """3.2: the Host field."""

    def test_valid_hosts_are_taken(self) -> None:
        for host in ("x", "x:80", "x:", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a_b.c-d", "%41"):
            self.assertEqual(parsed("GET / HTTP/1.1", f"Host: {host}").fields["host"], host)

    def test_one_is_wanted_in_1_1_and_none_in_1_0(self) -> None:
        self.assert_refused(400, "GET / HTTP/1.1")
        self.assertEqual(parsed("GET / HTTP/1.0").path, "/")

    def test_a_wrong_one_is_refused_in_any_version(self) -> None:
        for host in (
            "",
            "x y",
            "x,y",
            "x/",
            "user@x",
            "x:y",
            "x:80:80",
            "x:65536",
            "x:123456",
            "http://x",
            "[::1",
            "::1",
            "[]",
            "[1]",
            "[:::]",
            "[::1]x",
            "é",
            "x%2",
        ):
            self.assert_refused(400, "GET / HTTP/1.1", f"Host: {host}")
            self.assert_refused(400, "GET / HTTP/1.0", f"Host: {host}")

    def test_a_second_one_is_refused_even_if_it_is_the_same(self) -> None:
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", "Host: x")
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", "host: y")

    def test_the_absolute_form_does_not_excuse_a_wrong_one(self) -> None:
        self.assert_refused(400, "GET http://x/ HTTP/1.1")
        self.assert_refused(400, "GET http://x:99999/ HTTP/1.0")
        self.assert_refused(400, "GET http://x/ HTTP/1.1", "Host: x y")
        self.assertEqual(parsed("GET http://x/ HTTP/1.1", "Host: y").path, "/")


class Fields(Refusing):
    """5: field syntax."""

    def test_malformed_fields_are_refused(self) -> None:
        for line in (
            "X",
            ": x",
            "X : x",
            "X\t: x",
            " X: x",
            "X Y: x",
            "(X): x",
            "Xé: x",
            " folded",
            "X: a\x00b",
            "X: a\x0bb",
            "X: a\x7fb",
        ):
            self.assert_refused(400, "GET / HTTP/1.1", "Host: x", line)

    def test_bare_line_ends_are_refused(self) -> None:
        for end in ("\n", "\r", "\r\r"):
            self.assert_refused(400, f"GET / HTTP/1.1{end}Host: x")
            self.assert_refused(400, "GET / HTTP/1.1", f"Host: x{end}X: x")

    def test_values_may_hold_tabs_and_bytes_beyond_ascii(self) -> None:
        """RFC 9110, 5.5."""
        self.assertEqual(parsed("GET / HTTP/1.1", "Host: x", "X: a\tbé").fields["x"], "a\tbé")

    def test_lines_with_one_name_are_one_list(self) -> None:
        """RFC 9110, 5.3."""
        request = parsed("GET / HTTP/1.1", "Host: x", "X: a", "x: b", "X:")
        self.assertEqual(request.fields["x"], "a, b, ")

    def test_more_than_enough_fields_are_refused(self) -> None:
        """RFC 6585, 5."""
        lines = ["GET / HTTP/1.1", "Host: x", *(f"X{n}: x" for n in range(MAX_FIELDS - 1))]
        self.assertEqual(len(parsed(*lines).fields), MAX_FIELDS)
        self.assert_refused(431, *lines, "Y: x")


class Bodies(Refusing):
    """6: message body length."""

    def test_a_length_is_digits_and_there_is_one(self) -> None:
        for value, length in {"0": 0, "5": 5, "007": 7, "9" * 18: 10**18 - 1}.items():
            request = parsed("GET / HTTP/1.1", "Host: x", f"Content-Length: {value}")
            self.assertEqual((request.content_length, request.has_body), (length, length > 0))
        for value in ("", "-1", "+5", "0x5", "1_0", "5 5", "5,5", "5, 5", "five", "9" * 19, "²"):
            self.assert_refused(400, "GET / HTTP/1.1", "Host: x", f"Content-Length: {value}")
        twice = ["Content-Length: 5"] * 2
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", *twice)

    def test_chunked_is_the_one_transfer_coding(self) -> None:
        for value in ("chunked", "Chunked", "CHUNKED"):
            request = parsed("GET / HTTP/1.1", "Host: x", f"Transfer-Encoding: {value}")
            self.assertTrue(request.chunked and request.has_body)
        for value, status in {
            "gzip, chunked": 501,
            "identity": 501,
            "xchunked": 501,
            'gzip;q=1 ; a = "b,c"': 501,
            "gzip;q": 400,
            "gzip;": 400,
            "x, chunked ;q=1": 400,
            "chunked, identity": 400,
            "chunked, chunked": 400,
            "": 400,
            ",chunked": 400,
            "chunked;q=1": 400,
            '"chunked"': 400,
        }.items():
            self.assert_refused(status, "GET / HTTP/1.1", "Host: x", f"Transfer-Encoding: {value}")

    def test_what_another_could_frame_otherwise_is_refused(self) -> None:
        """6.1 and 11.2: request smuggling."""
        chunked = "Transfer-Encoding: chunked"
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", "Content-Length: 5", chunked)
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", chunked, "Content-Length: 0")
        self.assert_refused(400, "GET / HTTP/1.0", "Host: x", chunked)
        self.assert_refused(400, "GET / HTTP/1.1", "Host: x", chunked, chunked)

    def test_an_expectation_counts_where_a_body_follows_in_1_1(self) -> None:
        """RFC 9110, 10.1.1."""
        expect, length = "Expect: 100-Continue", "Content-Length: 5"
        self.assertTrue(parsed("PUT / HTTP/1.1", "Host: x", expect, length).expects_continue)
        self.assertFalse(parsed("PUT / HTTP/1.1", "Host: x", expect).expects_continue)
        self.assertFalse(parsed("PUT / HTTP/1.0", expect, length).expects_continue)
        self.assertTrue(
            parsed("PUT / HTTP/1.1", "Host: x", expect, length, expect).expects_continue
        )
        self.assertFalse(parsed("PUT / HTTP/1.1", "Host: x", "Expect: ,", length).expects_continue)
        for value in ("a miracle", "100-continue, a miracle", "100-continue;q=1"):
            self.assert_refused(417, "GET / HTTP/1.1", "Host: x", f"Expect: {value}")


class Persistences(Refusing):
    """9.3: persistence."""

    def test_1_1_goes_on_unless_it_says_close(self) -> None:
        for value, persistence in {
            "keep-alive": Persistence.PERSISTENT,
            "Close": Persistence.CLOSE,
            "keep-alive, close": Persistence.CLOSE,
            "x,close ,y": Persistence.CLOSE,
            "closed": Persistence.PERSISTENT,
        }.items():
            request = parsed("GET / HTTP/1.1", "Host: x", f"Connection: {value}")
            self.assertIs(request.persistence, persistence, value)
        split = parsed("GET / HTTP/1.1", "Host: x", "Connection: x", "Connection: close")
        self.assertIs(split.persistence, Persistence.CLOSE)

    def test_1_0_ends_unless_it_says_keep_alive(self) -> None:
        self.assertIs(parsed("GET / HTTP/1.0").persistence, Persistence.CLOSE)
        kept = parsed("GET / HTTP/1.0", "Connection: Keep-Alive")
        self.assertIs(kept.persistence, Persistence.KEEP_ALIVE)
        closed = parsed("GET / HTTP/1.0", "Connection: keep-alive, close")
        self.assertIs(closed.persistence, Persistence.CLOSE)
