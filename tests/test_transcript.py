"""Transcripts: how the commands of a page are found, and what counts as their output."""

from tests.support import TestCase
from tests.transcript import Command, agrees, begins, commands, masked, printed

PAGE = """\
Text with `$ no command`.

```console
$ first --now   # with a remark
one
two
$ second
```

```sh
third &
fourth
```

```ini
$ nothing
```
"""


class Finding(TestCase):
    def test_each_command_has_its_place_and_its_output(self) -> None:
        self.assertEqual(
            list(commands("page.md", PAGE)),
            [
                Command("page.md", 4, "first --now   # with a remark", ("one", "two")),
                Command("page.md", 7, "second", ()),
                Command("page.md", 11, "third &\nfourth", ()),
            ],
        )


class Comparing(TestCase):
    def test_what_changes_from_run_to_run_is_no_difference(self) -> None:
        pairs = {
            "Date: Tue, 24 Nov 2026 21:22:11 GMT": "Date: Wed, 01 Jan 2025 01:02:03 GMT",
            "2026-11-24T21:22:11.123Z info": "2025-01-01T00:00:00.000Z info",
            'ETag: "9fe5c710bb63c192b33f271ef0c4ab63"': f'ETag: "{"0" * 32}"',
            "up 3 h 12 min: healthy": "up 42 s: healthy",
            "age=0.998 items=84": "age=12.3 items=1,000",
            "clients   3 of 100": "clients  12 of 1,000",
            '["ab","cd"]': '["xxxxxxxx","yy"]',
            "http://demo:8000/15  15 s    36": "http://demo:8000/15  1 min  7",
        }
        for told, seen in pairs.items():
            with self.subTest(told):
                self.assertTrue(agrees([told], f"{seen}\n"))

    def test_anything_else_is_one(self) -> None:
        pairs = {
            "HTTP/1.1 200 OK": "HTTP/1.1 503 Service Unavailable",
            "up 42 s: healthy": "up 42 s: no data yet",
            "items=84": "item=84",
            "http://demo:8000/15  15 s": "http://demo:8000/30  15 s",
            "requests  1": "request  1",
            "Age: 2": "Age: none",
            "server 1.0.0 at": "server 1.1.0 at",
            'ETag: "9fe5c710bb63c192b33f271ef0c4ab63"': 'ETag: W/"9f"',
        }
        for told, seen in pairs.items():
            with self.subTest(told):
                self.assertFalse(agrees([told], f"{seen}\n"))

    def test_lines_that_are_missing_or_too_many_are_differences(self) -> None:
        self.assertTrue(agrees(["a", "b"], "a\nb\n"))
        for seen in ("a\n", "b\n", "a\nb\nc\n", "b\na\n", ""):
            with self.subTest(seen):
                self.assertFalse(agrees(["a", "b"], seen))

    def test_an_ellipsis_stands_for_any_text_of_a_line_and_alone_for_any_lines(self) -> None:
        told = ["…", "… info a=1 …", "…"]
        self.assertTrue(agrees(told, "x\ny\n2026 info a=2 b=3\nz\n"))
        self.assertTrue(agrees(told, "12 info a=2 b\n"))
        self.assertFalse(agrees(told, "x\n12 info b=2 b\n"))
        self.assertTrue(agrees(['["a",…]'], '["b","c","d"]\n'))
        self.assertFalse(agrees(["a…"], "a\nb\n"))

    def test_an_output_that_never_ends_has_come_far_enough_where_it_begins_so(self) -> None:
        self.assertTrue(begins(["…", "b"], "a\nb\nc\n"))
        self.assertFalse(begins(["…", "b"], "a\nc\n"))

    def test_what_a_terminal_is_told_is_not_printed(self) -> None:
        self.assertEqual(printed("\x1b[32mclient_1 |\x1b[0m a  \r\nb\r\n"), ["client_1 | a", "b"])

    def test_ports_and_versions_are_not_masked(self) -> None:
        for line in ("http://demo:8000/15", "0.0.0.0:8080", "1.0.0", "HTTP/1.1 200 OK"):
            with self.subTest(line):
                self.assertEqual(masked(line), line)
