"""Responses: their heads, and where their bodies end, read from bytes cut in any way."""

import time

from client.response import (
    MAX_FIELDS,
    MAX_HEAD,
    MAX_LINE,
    MAX_TRAILERS,
    Body,
    Chunked,
    Head,
    ResponseError,
    Sized,
    UntilClose,
    body_of,
    head_end,
    parse_head,
)
from tests.support import TestCase

OK = b"HTTP/1.1 200 OK\r\n"


def head(*lines: bytes) -> Head:
    """Read a good head with these field lines."""
    return parse_head(OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n")


class HeadEnds(TestCase):
    def test_an_empty_line_ends_a_head_however_its_lines_end(self) -> None:
        for text in (b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"):
            data = b"HTTP/1.1 200 OK" + text
            with self.subTest(text):
                self.assertEqual(head_end(data + b"more\r\n\r\n", 0), len(data))
                for size in range(len(data)):
                    self.assertIsNone(head_end(data[:size], 0))

    def test_it_is_looked_for_from_where_it_can_be(self) -> None:
        data = OK + b"a: b\r\n\r\n"
        for start in range(len(data) - 3):
            self.assertEqual(head_end(data, start), len(data))

    def test_what_does_not_begin_like_a_response_is_refused_at_its_first_bytes(self) -> None:
        for data in (b"S", b"SSH-2.0-OpenSSH_9.2", b"HTTP/2", b"HTTX", b"\r\n", b"\x00\x00"):
            with self.subTest(data), self.assertRaisesRegex(ResponseError, "^not HTTP/1: it begin"):
                head_end(data, 0)
        self.assertIsNone(head_end(b"", 0))

    def test_what_it_begins_with_is_shown_in_short_and_printable(self) -> None:
        with self.assertRaises(ResponseError) as caught:
            head_end(b"\x1b[2J" + b"x" * 1000, 0)
        self.assertEqual(
            str(caught.exception), r"not HTTP/1: it begins with \x1b[2J" + "x" * 35 + "…"
        )

    def test_a_head_of_the_largest_size_is_taken_and_one_byte_more_is_not(self) -> None:
        start, end = OK + b"a: ", b"\r\n\r\n"
        data = start + b"b" * (MAX_HEAD - len(start + end)) + end
        self.assertEqual(head_end(data, 0), MAX_HEAD)
        reason = f"not HTTP: a head of more than {MAX_HEAD} bytes"
        for longer in (data.replace(b"b", b"bb", 1), data[:-4] + b"bbbbb"):
            with self.assertRaisesRegex(ResponseError, reason):
                head_end(longer, 0)
        self.assertIsNone(head_end(data[:-4] + b"bbbb", 0))


class Heads(TestCase):
    def refusal(self, data: bytes) -> str:
        """Return why a head is refused."""
        with self.assertRaises(ResponseError) as caught:
            parse_head(data)
        return str(caught.exception)

    def test_a_status_line_is_version_status_and_reason(self) -> None:
        for line, status, reason in (
            (b"HTTP/1.1 200 OK", 200, "OK"),
            (b"HTTP/1.0 100 Continue", 100, "Continue"),
            (b"HTTP/1.9 999 ", 999, ""),
            (b"HTTP/1.1 404", 404, ""),
            (b"HTTP/1.1  200 \tTwo  blanks", 200, "Two  blanks"),
            (b"HTTP/1.1\t200\tTabs", 200, "Tabs"),
            (b"HTTP/1.1 200 caf\xe9", 200, "caf\xe9"),
        ):
            with self.subTest(line):
                self.assertEqual(parse_head(line + b"\r\n\r\n"), Head(status, reason, ()))

    def test_what_is_no_status_line_is_refused(self) -> None:
        for line in (
            b"HTTP/1.1 099 OK",
            b"HTTP/1.1 20 OK",
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 2OO OK",
            b"HTTP/1. 200 OK",
            b"HTTP/1.10 200 OK",
            b"http/1.1 200 OK",
            b" HTTP/1.1 200 OK",
            b"HTTP/1.1 200OK",
        ):
            with self.subTest(line):
                self.assertRegex(self.refusal(line + b"\r\n\r\n"), "^not HTTP: not a status line: ")

    def test_a_field_is_a_name_and_a_value_without_blanks_around_it(self) -> None:
        found = head(b"Name: value", b"OTHER:\t two words \t", b"empty:", b"a!#$%&'*+-.^_`|~9:b:c")
        self.assertEqual(
            found.fields,
            (
                ("name", "value"),
                ("other", "two words"),
                ("empty", ""),
                ("a!#$%&'*+-.^_`|~9", "b:c"),
            ),
        )

    def test_a_value_is_kept_whatever_bytes_it_has(self) -> None:
        self.assertEqual(head(b"a: caf\xe9 \x00\x7f").value("a"), "caf\xe9 \x00\x7f")

    def test_lines_may_end_in_a_bare_line_feed(self) -> None:
        found = parse_head(b"HTTP/1.1 200 OK\nA: b\r\nC: d\n\n")
        self.assertEqual(found, Head(200, "OK", (("a", "b"), ("c", "d"))))

    def test_a_line_that_begins_with_a_blank_goes_on_with_the_one_before(self) -> None:
        found = head(b"a: b", b" c", b"\t\td \t", b"e: f", b" ")
        self.assertEqual(found.fields, (("a", "b c d"), ("e", "f")))

    def test_what_is_no_field_is_refused_with_the_reason(self) -> None:
        for line, reason in (
            (b"no colon", "a line of the head is no field, for it has no colon"),
            (b"Name : value", "a blank before the colon of Name"),
            (b"Name\t: value", "a blank before the colon of Name"),
            (b"a\x00b: value", r"a control character in a field name: a\\x00b$"),
            (b"a\tb: value", r"a control character in a field name: a\\tb$"),
            (b"a: b\rc: d", r"a carriage return within a line: a: b\\rc: d"),
            (b"a: b\r", "a carriage return within a line: a: b$"),
        ):
            with self.subTest(line):
                data = OK + b"x: y\r\n" + line + b"\r\nz: w\r\n\r\n"
                self.assertRegex(self.refusal(data), f"^not HTTP: {reason}")
        self.assertRegex(self.refusal(OK + b" a: b\r\n\r\n"), "a blank before the first field")
        self.assertRegex(self.refusal(b"HTTP/1.1 200 O\rK\r\n\r\n"), "a carriage return within")

    def test_a_head_of_nothing_but_short_lines_is_read_at_once(self) -> None:
        """In milliseconds, where a copy for each line that goes on would take long."""
        started = time.monotonic()
        head(b"a: b", *[b" " + b"c" * 50] * (MAX_FIELDS - 1))
        self.assertEqual(len(head(*[b"a:"] * MAX_FIELDS).fields), MAX_FIELDS)
        self.assertLess(time.monotonic() - started, 5)

    def test_a_head_of_more_lines_is_refused(self) -> None:
        data = OK + b"a:\r\n" * (MAX_FIELDS + 1) + b"\r\n"
        self.assertEqual(self.refusal(data), f"not HTTP: a head of more than {MAX_FIELDS} lines")

    def test_a_name_that_is_none_does_no_harm(self) -> None:
        for name in (b"X-A[1]", b"two words", b"caf\xe9", b"", b"a(b)"):
            with self.subTest(name):
                fields = head(name + b": x", b"b: c").fields
                self.assertEqual(fields, ((name.decode("latin-1").lower(), "x"), ("b", "c")))

    def test_an_interim_response_is_its_status_line(self) -> None:
        for status in (100, 102, 103, 199):
            data = b"HTTP/1.1 %d Wait\r\nno field\r\n\r\n" % status
            found = parse_head(data)
            self.assertEqual((found, found.is_interim), (Head(status, "Wait"), True))
        for status in (101, 200, 404):
            found = parse_head(b"HTTP/1.1 %d OK\r\na: b\r\n\r\n" % status)
            self.assertEqual((found.is_interim, found.fields), (False, (("a", "b"),)))

    def test_lines_of_one_name_are_one_list(self) -> None:
        found = head(b"A: b, C", b"x: y", b"a: , D ,,")
        self.assertEqual(found.values("a"), ["b, C", ", D ,,"])
        self.assertEqual(found.value("a"), "b, C, , D ,,")
        self.assertEqual(found.members("a"), ["b", "c", "d"])
        self.assertEqual((found.value("z"), found.members("z")), (None, []))
        self.assertIsNone(head(b"a:").value("a"))


class Framing(TestCase):
    def refusal(self, *lines: bytes) -> str:
        """Return why a body is refused by its head."""
        with self.assertRaises(ResponseError) as caught:
            body_of(head(*lines))
        return str(caught.exception)

    def test_a_length_tells_where_a_body_ends(self) -> None:
        for lines in (
            (b"Content-Length: 23",),
            (b"Content-Length: 23", b"Content-Length: 23"),
            (b"Content-Length: 0023",),
            (b"Content-Length: 23", b"Transfer-Encoding: identity"),
            (b"Content-Length: 23", b"Transfer-Encoding:"),
        ):
            with self.subTest(lines):
                expected = int(lines[0].rpartition(b" ")[2])
                self.assertEqual(body_of(head(*lines)).length, expected)

    def test_a_length_that_is_none_is_refused(self) -> None:
        for value in (b"", b"-1", b"+1", b"1x", b"1.0", b"0x1", b"1 1", b"23, 23", b"9" * 100):
            with self.subTest(value):
                reason = f"not HTTP: a Content-Length of {value.decode():.79}"
                self.assertTrue(self.refusal(b"Content-Length: " + value).startswith(reason))
        self.assertEqual(body_of(head(b"Content-Length: " + b"9" * 99)).length, 10**99 - 1)
        two = self.refusal(b"Content-Length: 1", b"Content-Length: 2")
        self.assertEqual(two, "not HTTP: a Content-Length of 1, 2")

    def test_without_a_length_the_end_of_the_connection_ends_a_body(self) -> None:
        self.assertIsInstance(body_of(head()), UntilClose)
        self.assertIsInstance(body_of(head(b"Transfer-Encoding: identity")), UntilClose)

    def test_chunks_win_over_a_length(self) -> None:
        for value in (b"chunked", b" Chunked\t", b", CHUNKED,,", b"identity, chunked"):
            for lines in ((), (b"Content-Length: 5",), (b"Content-Length: x",)):
                with self.subTest(value, lines=lines):
                    found = body_of(head(b"Transfer-Encoding:" + value, *lines))
                    self.assertIsInstance(found, Chunked)

    def test_other_transfer_codings_are_refused(self) -> None:
        for value in ("gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked;a=b", "x"):
            with self.subTest(value):
                reason = f"transfer coding {value}, which was not asked for"
                self.assertEqual(self.refusal(b"Transfer-Encoding: " + value.encode()), reason)


class Bodies(TestCase):
    """Each is decoded whole, byte by byte, and cut in two anywhere; all must agree."""

    def decoded(self, body: Body, pieces: list[bytes]) -> bytes:
        """Decode pieces until the body is whole; return what it is."""
        decoded = b""
        for piece in pieces:
            if body.is_whole:
                break
            decoded += body.decode(piece)
        return decoded

    def cuts(self, data: bytes) -> list[list[bytes]]:
        """Return the ways to cut some bytes."""
        halves = [[data[:size], data[size:]] for size in range(len(data))]
        return [[data], [data[i : i + 1] for i in range(len(data))], *halves]

    def test_a_sized_body_is_what_its_length_says(self) -> None:
        for pieces in self.cuts(b"12345678more"):
            body = Sized(8)
            self.assertEqual(self.decoded(body, pieces), b"12345678")
            self.assertTrue(body.is_whole)
            body.end()

    def test_a_sized_body_that_ends_early_is_cut_short(self) -> None:
        body = Sized(8)
        self.assertEqual(body.decode(b"12345"), b"12345")
        self.assertFalse(body.is_whole)
        with self.assertRaisesRegex(ResponseError, "^a body cut short: 3 bytes are missing$"):
            body.end()
        self.assertTrue(Sized(0).is_whole)

    def test_a_body_until_the_connections_end_is_all_that_comes(self) -> None:
        body = UntilClose()
        self.assertEqual(self.decoded(body, [b"1234", b"", b"5678"]), b"12345678")
        self.assertFalse(body.is_whole)
        body.end()

    def test_a_chunked_body_is_its_chunks(self) -> None:
        for data, expected in {
            b"0\r\n\r\n": b"",
            b"5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n": b"12345678",
            b"5\n12345\n0\n\n": b"12345",
            b"A\r\n1234567890\r\n00\r\n\r\n": b"1234567890",
            b"00a\r\n12345\r\n890\r\n0\r\n\r\n": b"12345\r\n890",
            b"5;a=b;c\r\n12345\r\n0 ; d\r\n\r\n": b"12345",
            b"5  \r\n12345\r\n0\t\r\n\r\n": b"12345",
            b"1\r\n\n\r\n0\r\na: b\r\nno colon\r\n\r\n": b"\n",
        }.items():
            for pieces in self.cuts(data):
                body = Chunked()
                self.assertEqual(self.decoded(body, pieces), expected, pieces)
                self.assertTrue(body.is_whole, pieces)

    def test_nothing_behind_the_last_chunk_is_part_of_it(self) -> None:
        body = Chunked()
        self.assertEqual(body.decode(b"1\r\n1\r\n0\r\n\r\n1\r\n2\r\n"), b"1")
        self.assertTrue(body.is_whole)

    def test_a_chunked_body_that_ends_early_is_cut_short(self) -> None:
        data = b"5\r\n12345\r\n0\r\na: b\r\n\r\n"
        for size in range(len(data)):
            body = Chunked()
            body.decode(data[:size])
            self.assertFalse(body.is_whole, size)
            with self.assertRaisesRegex(ResponseError, "^a body cut short$"):
                body.end()

    def test_what_is_no_chunk_is_refused(self) -> None:
        for data, reason in {
            b"\r\n": "not a chunk size: $",
            b"x\r\n": "not a chunk size: x$",
            b"-1\r\n": "not a chunk size: -1$",
            b"+1\r\n": r"not a chunk size: \+1$",
            b"0x1\r\n": "not a chunk size: 0x1$",
            b" 1\r\n": "not a chunk size:  1$",
            b"1 1\r\n": "not a chunk size: 1 1$",
            b"1_0\r\n": "not a chunk size: 1_0$",
            b"1\r\n12\r\n": "a chunk longer than its size: 2$",
            b"1\r\n1\r\r\n": "a chunk longer than its size: ",
        }.items():
            for pieces in self.cuts(data):
                with (
                    self.subTest(data),
                    self.assertRaisesRegex(ResponseError, f"^not HTTP: {reason}"),
                ):
                    self.decoded(Chunked(), pieces)

    def test_a_line_of_the_longest_length_is_taken_and_one_byte_more_is_not(self) -> None:
        for start in (b"", b"1\r\n1\r\n0\r\n"):
            line = (b"1;" if not start else b"a:").ljust(MAX_LINE - 2, b"x") + b"\r\n"
            Chunked().decode(start + line)
            reason = f"^not HTTP: a chunk's line of more than {MAX_LINE} bytes$"
            for longer in (b"1" + line, b"1" + line[:-2] + b"xx"):
                with self.assertRaisesRegex(ResponseError, reason):
                    Chunked().decode(start + longer)

    def test_trailers_have_a_bound_between_them(self) -> None:
        body, line = Chunked(), b"a: b".ljust(1022, b"x") + b"\r\n"
        body.decode(b"0\r\n" + line * (MAX_TRAILERS // 1024))
        self.assertEqual(body.decode(b"\r\n"), b"")
        self.assertTrue(body.is_whole)
        reason = f"^not HTTP: trailers of more than {MAX_TRAILERS} bytes$"
        with self.assertRaisesRegex(ResponseError, reason):
            Chunked().decode(b"0\r\n" + line * (MAX_TRAILERS // 1024) + b"a\r\n")
