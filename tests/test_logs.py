"""Logs: one line an event."""

import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable

from shared import logs
from shared.logs import JsonFormatter, TextFormatter, event
from tests.support import TestCase


def record(message: str, **fields: logs.Field) -> logging.LogRecord:
    """Make the record of an event."""
    made = logging.LogRecord("client", logging.WARNING, __file__, 1, message, (), None)
    made.created, made.msecs = 1767323045.678, 678.0
    made.__dict__.update(event(**fields))
    return made


class TextLines(TestCase):
    def format(self, message: str, **fields: logs.Field) -> str:
        """Render an event's line."""
        return TextFormatter().format(record(message, **fields))

    def test_a_line_is_time_level_component_message_and_fields(self) -> None:
        self.assertEqual(
            self.format("polled", items=3, duration=0.25, changed=True, first=False, etag=None),
            "2026-01-02T03:04:05.678Z warning client polled items=3 duration=0.250 changed=yes "
            "first=no etag=none",
        )

    def test_values_that_would_blur_are_quoted(self) -> None:
        for value, shown in {
            "two words": '"two words"',
            "a=b": '"a=b"',
            "": '""',
            'say "x"': '"say \\"x\\""',
            "żółw": "żółw",
        }.items():
            with self.subTest(value):
                self.assertTrue(self.format("x", value=value).endswith(f" x value={shown}"))

    def test_an_event_is_one_line_whatever_it_holds(self) -> None:
        for line in (self.format("a\nb", value="c\nd\x1b[2J"), self._with_traceback()):
            self.assertEqual(len(line.splitlines()), 1)
            self.assertTrue(line.isprintable())

    def _with_traceback(self) -> str:
        try:
            raise ValueError("broken\nin two")
        except ValueError:
            failed = record("failed")
            failed.exc_info = sys.exc_info()
            return TextFormatter().format(failed)


class JsonLines(TestCase):
    def test_a_line_is_one_object_with_the_fields_beside_the_rest(self) -> None:
        line = JsonFormatter().format(record("polled\n", items=3, url="żółw"))
        self.assertEqual(len(line.splitlines()), 1)
        self.assertEqual(
            json.loads(line),
            {
                "time": "2026-01-02T03:04:05.678Z",
                "level": "warning",
                "component": "client",
                "message": "polled\n",
                "items": 3,
                "url": "żółw",
            },
        )

    def test_a_name_that_is_no_utf_8_is_valid_in_it(self) -> None:
        name = os.fsdecode(b"/tmp/\xff")
        line = JsonFormatter().format(record(name, path=name)).encode()
        found = json.loads(line)
        self.assertEqual((found["message"], found["path"]), (r"/tmp/\udcff", r"/tmp/\udcff"))


class ToStandardError(TestCase):
    def setUp(self) -> None:
        root, asyncio_log = logging.getLogger(), logging.getLogger("asyncio")
        before = root.level, root.handlers[:], sys.stderr, asyncio_log.level

        def restore() -> None:
            root.setLevel(before[0])
            root.handlers[:] = before[1]
            sys.stderr = before[2]
            asyncio_log.setLevel(before[3])

        self.addCleanup(restore)

    def printed(self, level: str, form: str, log: Callable[[], object], encoding: str) -> bytes:
        """Return what is on standard error, which has an encoding, after a program that logs."""
        with tempfile.TemporaryFile("w+", encoding=encoding) as file:
            sys.stderr = file
            with logs.to_standard_error("client", level, form):
                log()
            file.seek(0)
            return bytes(file.buffer.read())

    def test_events_below_the_level_are_left_out(self) -> None:
        def log() -> None:
            logging.getLogger("client").info("small")
            logging.getLogger("client").warning("great")

        printed = self.printed("warning", "text", log, "utf-8").decode()
        self.assertEqual(printed.split(" ", 1)[1], "warning client great\n")

    def test_json_is_utf_8_in_a_terminal_of_any_encoding(self) -> None:
        for encoding in ("utf-8", "ascii", "latin-1"):
            with self.subTest(encoding):
                printed = self.printed("info", "json", lambda: log_info("żółw 😀"), encoding)
                self.assertEqual(json.loads(printed.decode("utf-8"))["message"], "żółw 😀")

    def test_text_is_in_the_encoding_of_the_terminal_and_what_it_lacks_is_escaped(self) -> None:
        for encoding, shown in (
            ("utf-8", "żółw".encode()),
            ("latin-1", b"\\u017c\xf3\\u0142w"),
            ("ascii", rb"\u017c\xf3\u0142w"),
        ):
            with self.subTest(encoding):
                printed = self.printed("info", "text", lambda: log_info("żółw"), encoding)
                self.assertTrue(printed.endswith(b" client " + shown + b"\n"), printed)


def log_info(message: str) -> None:
    """Log a message."""
    logging.getLogger("client").info(message)
