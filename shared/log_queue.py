"""The queue of the log: a line is handed over, and a thread of its own writes it.

Standard error may be a pipe whose reader has stalled, and a write to it then waits for ever. So no
part of a program writes to it but that thread, and no part waits for that thread.
"""

import logging
import os
import select
from collections.abc import Iterable, Iterator
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from typing import cast

CAPACITY = 1000  # lines; a busy server logs as many within 0.1 s at level debug
STOP_WAIT = 1.0  # seconds that a stop waits until all lines are written

_Lines = SimpleQueue[logging.LogRecord | None]


class LogQueue(QueueHandler):
    """A log handler that never waits. A line that does not fit is dropped and counted."""

    def __init__(self, formatter: logging.Formatter) -> None:
        """Queue what the formatter makes of each event."""
        self.lines: _Lines = SimpleQueue()
        super().__init__(self.lines)
        self.setFormatter(formatter)
        self.dropped = 0
        """Lines since the start."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a line, if there is room."""
        if self.lines.qsize() < CAPACITY:
            self.lines.put(record)
        else:
            self.drop(1)

    def drop(self, lines: int) -> None:
        """Count lines that will not be written."""
        self.acquire()
        self.dropped += lines
        self.release()


class LogWriter(QueueListener):
    """Writes what is queued to a file descriptor, in a thread."""

    def __init__(self, component: str, source: LogQueue, descriptor: int, encoding: str) -> None:
        """Write in an encoding; what it lacks is escaped. Reports bear the component's name."""
        super().__init__(source.lines)
        self._component = component
        self._source = source
        self._descriptor = descriptor
        self._encoding = encoding
        self._reported = 0
        """How many of the dropped lines have been reported."""
        self._is_torn = False
        """Whether the last write ended within a line."""

    def handle(self, record: logging.LogRecord) -> None:
        """Write a line, and all that are queued behind it.

        They are written together: beside a loop that computes, each write costs this thread up to
        5 ms of waiting for the interpreter, and a write a line would be 200 lines a second.
        """
        records = [record]
        try:
            records += self._queued()
            dropped = self._source.dropped  # those to come stand behind the next lines
            failed = self._failed(records)
            self._source.drop(failed)
            missing = dropped + failed - self._reported
            if missing and not self._failed([self._report(missing)]):
                self._reported += missing
        except MemoryError:  # the thread must go on
            self._source.drop(len(records))

    def _queued(self) -> Iterator[logging.LogRecord]:
        for _ in range(self._source.lines.qsize()):
            record = self._source.lines.get()
            if record is None:  # the word to end, see `stop`
                self.enqueue_sentinel()
                return
            yield record

    def _report(self, lines: int) -> logging.LogRecord:
        """Make the line that says how many are missing before it."""
        report = logging.makeLogRecord(
            {
                "name": self._component,
                "levelname": "WARNING",
                "msg": "log lines dropped: standard error did not take them in time",
                "event": {"lines": lines},
            }
        )
        return cast(logging.LogRecord, self._source.prepare(report))

    def _failed(self, records: Iterable[logging.LogRecord]) -> int:
        """Write lines; return how many could not be written to their end."""
        return sum(map(self._failed_of, self._pieces(records)))

    def _pieces(self, records: Iterable[logging.LogRecord]) -> Iterator[bytes]:
        """Yield the lines in pieces of PIPE_BUF bytes at most, which a pipe takes whole: pipe(7).

        So lines of several processes on one pipe are never torn, but for a line that is longer.
        """
        piece = b""
        for record in records:
            line = f"{record.getMessage()}\n".encode(self._encoding, "backslashreplace")
            if piece and len(piece) + len(line) > select.PIPE_BUF:
                yield piece
                piece = b""
            piece += line
        yield piece

    def _failed_of(self, piece: bytes) -> int:
        """Write a piece; return how many of its lines could not be written to their end."""
        data = b"\n" + piece if self._is_torn else piece
        left = memoryview(data)
        try:
            while left:
                left = left[self._write(left) :]
        except OSError:  # the reader has gone, or the disk is full, and the log is all there is
            pass
        if written := data[: len(data) - len(left)]:
            self._is_torn = not written.endswith(b"\n")
        return piece.count(b"\n", max(0, len(piece) - len(left)))

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # another process has made the pipe or the terminal so
            writable = select.poll()
            writable.register(self._descriptor, select.POLLOUT)
            writable.poll()
            return 0

    def stop(self, timeout: float = STOP_WAIT) -> None:
        """Have all that is queued written, for at most so many seconds."""
        self.enqueue_sentinel()
        if self._thread:
            self._thread.join(timeout)
