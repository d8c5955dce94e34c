"""Logs: one line an event on standard error, as text or as JSON.

Events are logged as `log.info("what happened", extra=event(key=value, …))`; a text line reads
`2026-01-02T03:04:05.678Z info client what happened key=value`.
"""

import codecs
import json
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.log_queue import LogQueue, LogWriter
from shared.text import shown, well_formed

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")

MAX_TRACEBACK = 2000  # characters

Field = str | int | float | bool | None
_BARE = re.compile(r'[^\s"=]+')


def event(**fields: Field) -> Mapping[str, Mapping[str, Field]]:
    """Make the `extra` of a log call from the fields of an event."""
    return {"event": fields}


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Tell the time in UTC to the millisecond, RFC 3339."""
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + (
            f".{int(record.msecs):03d}Z"
        )

    def fields(self, record: logging.LogRecord) -> dict[str, Field]:
        """Tell the fields of the event; a traceback is one of them, so that a line stays a line."""
        fields: dict[str, Field] = dict(getattr(record, "event", {}))
        if record.exc_info:  # its end says what went wrong
            fields["traceback"] = self.formatException(record.exc_info)[-MAX_TRACEBACK:]
        return fields


class TextFormatter(_Formatter):
    """Time, level, component, message, then `key=value`, separated by blanks."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one line."""
        head = (
            f"{self.formatTime(record)} {record.levelname.lower()} {record.name} "
            f"{shown(record.getMessage(), 500)}"
        )
        return " ".join([head, *(f"{k}={_text(v)}" for k, v in self.fields(record).items())])


class JsonFormatter(_Formatter):
    """One JSON object: time, level, component, message, and the event's fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one line."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "component": record.name,
            "message": record.getMessage(),
        } | self.fields(record)
        valid = {k: well_formed(v) if isinstance(v, str) else v for k, v in line.items()}
        return json.dumps(valid, ensure_ascii=False)


def _text(value: Field) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}"
        case None:
            return "none"
    text = str(value)
    safe = shown(text, 4000)
    return text if _BARE.fullmatch(safe) and safe == text else json.dumps(safe, ensure_ascii=False)


@contextmanager
def to_standard_error(component: str, level: str, form: str) -> Iterator[None]:
    """Log the whole process to standard error while the context lasts, in one of FORMATS.

    No log call ever waits for it to be read. At the end, what is queued has a second to be written.
    """
    # Escapes need this codec; without free descriptors, it could not be imported.
    codecs.lookup("unicode_escape")
    lines = LogQueue(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[lines], force=True)
    # asyncio tells at debug which selector it uses; whoever debugs the gateway does not want that.
    logging.getLogger("asyncio").setLevel(max(logging.INFO, logging.getLogger().level))
    # JSON is UTF-8, whatever the terminal is: RFC 8259, 8.1.
    encoding = "utf-8" if form == "json" else _encoding()
    writer = LogWriter(component, lines, sys.stderr.fileno(), encoding)
    writer.start()
    try:
        yield
    finally:
        writer.stop()


def _encoding() -> str:
    """Return the terminal's encoding; UTF-8 where that has no lines of bytes, such as UTF-16."""
    try:
        is_usable = "a\n".encode(sys.stderr.encoding) == b"a\n"
    except (LookupError, UnicodeError):
        is_usable = False
    return sys.stderr.encoding if is_usable else "utf-8"


def dropped() -> int:
    """Return how many lines were dropped since the start, as standard error did not take them."""
    return sum(each.dropped for each in logging.getLogger().handlers if isinstance(each, LogQueue))
