"""The queue of the log: no log call waits for a reader, and what does not fit is counted."""

import errno
import fcntl
import logging
import os
import re
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

from shared.log_queue import CAPACITY, STOP_WAIT, LogQueue, LogWriter
from shared.logs import TextFormatter
from tests.support import DEADLINE, TestCase, wait_until

PIPE_SIZE = 4096  # bytes: the smallest that a pipe can be, fcntl(2)
LAST = b"the last line\n"
REPORT = "log lines dropped: standard error did not take them in time"


class QueuedLog(TestCase):
    def setUp(self) -> None:
        """Log to a small pipe that is read by a thread, once that is started."""
        reading, self.descriptor = os.pipe()
        fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self.addCleanup(os.close, self.descriptor)
        self.pipe = os.fdopen(reading, "rb")
        self.addCleanup(self.pipe.close)
        self.queue = LogQueue(TextFormatter())
        self.log = logging.Logger("tested")
        self.log.addHandler(self.queue)
        self.writer = LogWriter("tested", self.queue, self.descriptor, "ascii")
        self.lines = list[str]()
        self.reader = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        for line in iter(self.pipe.readline, LAST):
            _time, text = line.decode("ascii").removesuffix("\n").split(" ", 1)
            self.lines.append(text)

    def numbered(self, first: int, last: int) -> None:
        """Log a line for each number from the first to the last."""
        for number in range(first, last + 1):
            self.log.warning("line %d", number)

    def written(self) -> list[str]:
        """Return the lines in the pipe, without their times, when the writer has ended."""
        if not self.reader.is_alive():
            self.reader.start()
        self.writer.stop(DEADLINE)
        os.write(self.descriptor, LAST)
        self.reader.join(DEADLINE)
        return self.lines

    def fill(self) -> None:
        """Log until lines are dropped."""

        def drops() -> int:
            self.numbered(1, CAPACITY)
            return self.queue.dropped

        wait_until(drops, "a line is dropped")

    def test_lines_are_written_in_their_order(self) -> None:
        self.writer.start()
        self.numbered(1, 50)
        expected = [f"warning tested line {number}" for number in range(1, 51)]
        self.assertEqual(self.written(), expected)

    def test_what_the_encoding_lacks_is_escaped(self) -> None:
        self.writer.start()
        self.log.warning("żółw")
        self.assertEqual(self.written(), [r"warning tested \u017c\xf3\u0142w"])

    def test_lines_of_many_threads_are_whole(self) -> None:
        self.writer.start()

        def log(name: str) -> None:
            for number in range(50):
                self.log.warning("%s %d", name, number)

        threads = [threading.Thread(target=log, args=[name]) for name in "abcdefgh"]
        self.reader.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        lines = self.written()
        for name in "abcdefgh":
            own = [line for line in lines if line.startswith(f"warning tested {name} ")]
            self.assertEqual(own, [f"warning tested {name} {number}" for number in range(50)])

    def test_a_log_call_does_not_wait_for_a_reader_that_stalls(self) -> None:
        self.writer.start()
        started = time.monotonic()
        self.fill()
        self.numbered(1, 10 * CAPACITY)
        self.assertLess(time.monotonic() - started, DEADLINE)
        self.assertLessEqual(self.queue.lines.qsize(), CAPACITY)
        self.written()

    def test_dropped_lines_are_reported_where_they_are_missing(self) -> None:
        first = PIPE_SIZE // 20  # lines of more than 20 bytes, so they do not fit into the pipe
        self.numbered(1, first)
        self.writer.start()
        wait_until(lambda: not self.queue.lines.qsize(), "the writer waits for the reader")
        more = first + 3 * CAPACITY
        self.numbered(first + 1, more)
        dropped = self.queue.dropped
        self.assertGreater(dropped, CAPACITY)
        self.reader.start()
        wait_until(lambda: any("dropped" in line for line in self.lines), "there is room again")
        self.numbered(more + 1, more + 10)

        kept = more - dropped
        self.assertEqual(
            self.written(),
            [
                *(f"warning tested line {number}" for number in range(1, kept + 1)),
                f"warning tested {REPORT} lines={dropped}",
                *(f"warning tested line {number}" for number in range(more + 1, more + 11)),
            ],
        )
        self.assertEqual(self.queue.dropped, dropped)

    def test_a_stop_writes_what_is_queued(self) -> None:
        self.numbered(1, CAPACITY)
        self.writer.start()
        self.assertEqual(len(self.written()), CAPACITY)

    def test_a_stop_does_not_wait_long_for_a_reader_that_stalls(self) -> None:
        self.writer.start()
        self.fill()
        started = time.monotonic()
        self.writer.stop()
        self.assertLess(time.monotonic() - started, 5 * STOP_WAIT)
        self.written()

    def test_lines_for_a_reader_that_has_gone_are_counted(self) -> None:
        self.writer.start()
        self.pipe.close()
        self.numbered(1, 10)
        wait_until(lambda: self.queue.dropped >= 10, "they are counted")
        self.writer.stop(DEADLINE)

    def test_lines_of_two_processes_on_one_pipe_are_not_torn(self) -> None:
        """A pipe takes PIPE_BUF bytes at once; a write of more may be cut where another comes."""
        self.numbered(1, CAPACITY)
        self.writer.start()
        other = b"warning other " + b"x" * 1000 + b"\n"
        wait_until(lambda: not self.queue.lines.qsize(), "the writer waits for the reader")
        ready = threading.Event()

        def write() -> None:
            ready.set()
            for _ in range(50):
                os.write(self.descriptor, b"time " + other)

        writing = threading.Thread(target=write, daemon=True)
        writing.start()
        self.assertTrue(ready.wait(DEADLINE))
        self.reader.start()
        writing.join(DEADLINE)
        lines = self.written()
        self.assertEqual(lines.count(other.decode().rstrip()), 50)
        self.assertEqual(len(lines), CAPACITY + 50)

    def test_lines_that_a_full_disk_refuses_are_counted_and_none_is_torn(self) -> None:
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "log"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.addCleanup(os.close, descriptor)
        room = 1000  # bytes
        real_write = os.write

        def write(descriptor: int, data: bytes) -> int:
            nonlocal room
            if not room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = real_write(descriptor, data[:room])
            room -= written
            return written

        self.writer = LogWriter("tested", self.queue, descriptor, "ascii")
        with mock.patch.object(os, "write", write):
            self.numbered(1, 100)
            self.writer.start()
            wait_until(lambda: self.queue.dropped, "the disk is full")
            room = 1_000_000
            self.numbered(101, 110)
            self.writer.stop(DEADLINE)
        text = path.read_text()
        numbers = [
            int(number)
            for number in re.findall(r"Z warning tested line (\d+)$", text, re.MULTILINE)
        ]
        kept = 100 - self.queue.dropped
        self.assertEqual(numbers, [*range(1, kept + 1), *range(101, 111)])
        reports = re.findall(rf"Z warning tested {REPORT} lines=(\d+)\n", text)
        self.assertEqual(sum(map(int, reports)), self.queue.dropped)
        torn = 1  # by the disk
        self.assertEqual(text.count("\n"), len(numbers) + len(reports) + torn)

    def test_a_pipe_that_does_not_block_gets_whole_lines_too(self) -> None:
        """Another process that has it open, such as one of Node.js, may have made it so."""
        os.set_blocking(self.descriptor, False)
        self.numbered(1, CAPACITY)
        self.writer.start()
        self.reader.start()
        wait_until(lambda: len(self.lines) == CAPACITY, "all are written")
        expected = [f"warning tested line {number}" for number in range(1, CAPACITY + 1)]
        self.assertEqual(self.written(), expected)
