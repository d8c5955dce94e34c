"""The queue of the log: a line is handed over, and a thread of its own writes it.

Standard error may be a pipe whose reader has stalled, and a write to it then waits for ever. So no
part of a program writes to it but that thread, and no part waits for that thread.
"""

import logging
import os
import select
from collections.abc import Iterator
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

CAPACITY = 1000  # lines; a server that is asked a lot writes as many at debug within 0.1 s
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
        """Write in an encoding; what it lacks is escaped. `component` logs what was dropped."""
        super().__init__(source.lines)
        self._component = component
        self._source = source
        self._descriptor = descriptor
        self._encoding = encoding
        self._reported = 0
        """Dropped lines that a line of their own has reported."""

    def handle(self, record: logging.LogRecord) -> None:
        """Write a line, and all that are queued behind it, at once.

        Beside a loop that computes, each write costs this thread up to 5 ms of waiting for the
        interpreter: with a write a line, it would write 200 lines a second.
        """
        lines = [record.getMessage(), *self._queued(), *self._report()]
        text = "".join(f"{line}\n" for line in lines)
        try:
            self._write(text.encode(self._encoding, "backslashreplace"))
        except OSError:  # the reader has gone, or the disk is full, and the log is all there is
            self._source.drop(len(lines))

    def _queued(self) -> Iterator[str]:
        for _ in range(self._source.lines.qsize()):
            record = self._source.lines.get()
            if record is None:  # the word to end, see `stop`
                self.enqueue_sentinel()
                return
            yield record.getMessage()

    def _report(self) -> Iterator[str]:
        """Report the lines that were dropped since the last report, where they would stand."""
        if lines := self._source.dropped - self._reported:
            self._reported += lines
            yield self._source.format(
                logging.makeLogRecord(
                    {
                        "name": self._component,
                        "levelname": "WARNING",
                        "msg": "log lines dropped: standard error was not read in time",
                        "event": {"lines": lines},
                    }
                )
            )

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:  # another process has made the pipe or the terminal so
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll()

    def stop(self, timeout: float = STOP_WAIT) -> None:
        """Have all that is queued written, for at most so many seconds."""
        self.enqueue_sentinel()
        if self._thread:
            self._thread.join(timeout)
