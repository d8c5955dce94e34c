"""A log that is not read: the programs go on, tell how much was dropped, and stop in time."""

import fcntl
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

from shared.log_queue import CAPACITY
from shared.settings import BAD_SETTING
from tests.benchmark.process import free_port
from tests.demo.behaviours import array
from tests.polled import PolledTestCase
from tests.processes import ROOT, clean_environment, command
from tests.servers import ServerTestCase
from tests.serving import LAST_GET, Peer, Response
from tests.support import DEADLINE, wait_until

STOP = 15  # seconds: five times what is promised


class UnreadLog(PolledTestCase, ServerTestCase):
    def setUp(self) -> None:
        """Have an endpoint with new data for each poll."""
        super().setUp()
        numbers = itertools.count()
        self.endpoints.play("/data", lambda exchange: array([f"{next(numbers):08}"])(exchange))

    def unread(
        self, program: str, *arguments: str, is_full: bool = False, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a program whose standard error is a small pipe that is not read."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        size = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        if is_full:
            os.write(writing, bytes(size))
        started = subprocess.Popen(
            [sys.executable, "-m", program, "--socket", str(self.socket), *arguments],
            cwd=ROOT,
            env=clean_environment() | environment,
            stderr=writing,
        )
        os.close(writing)
        self.addCleanup(started.wait, STOP)
        self.addCleanup(started.kill)
        return started

    def unread_client(self) -> subprocess.Popen[bytes]:
        """Start one that polls a hundred times a second, so that it fills the pipe soon."""
        return self.unread("client", "--endpoint", f"0.01={self.endpoints.url('/data')}")

    def status(self, *words: str) -> Any:
        """Return the status of a program; None where it does not answer yet."""
        program, *options = words
        ended = command(program, "status", "--json", *options)
        return json.loads(ended.output) if ended.status == 0 else None

    def dropped(self, *words: str) -> int:
        """Return how many lines a program has dropped; 0 where it does not answer yet."""
        status = self.status(*words)
        return int(status["program"]["log_lines_dropped"]) if status else 0

    def ask(self, port: int) -> Response:
        """Ask a server on a connection of its own."""
        peer = Peer(self, port)
        response = peer.ask(LAST_GET)
        peer.close()
        return response

    def check(self, program: subprocess.Popen[bytes], port: int, *words: str) -> None:
        """Check that a server's data moves, and that a program is alive and stops in time."""
        wait_until(lambda: self.ask(port).status == 200, "there is data")
        first = self.ask(port).body
        wait_until(lambda: self.ask(port).body != first, "new data comes")
        name, *options = words
        self.assertEqual(command(name, "health", "--live", *options).status, 0)
        program.send_signal(signal.SIGTERM)
        self.assertEqual(program.wait(STOP), 0)

    def test_a_program_that_cannot_start_ends_in_time(self) -> None:
        """Its one line does not fit into a pipe that another program has filled."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            for words in (
                ("server", "--host", "127.0.0.1", "--port", port),
                ("server", "--port", "x"),
                ("client", "--endpoint", "x"),
            ):
                with self.subTest(words):
                    program = self.unread(*words, is_full=True)
                    self.assertEqual(program.wait(STOP), BAD_SETTING)

    def test_the_client_goes_on(self) -> None:
        client, words = self.unread_client(), ("client", "--socket", str(self.socket))
        wait_until(lambda: self.dropped(*words), "lines are dropped", 6 * DEADLINE)
        self.check(client, self.server().port(), *words)

    def test_the_server_goes_on(self) -> None:
        port = free_port()
        address = ("--host", "127.0.0.1", "--port", str(port))
        server, words = self.unread("server", *address, LOG_LEVEL="debug"), ("server", *address)
        wait_until(lambda: self.status(*words), "it listens")
        for _ in range(2 * CAPACITY):
            self.assertEqual(self.ask(port).status, 503)
        self.assertGreater(self.dropped(*words), 0)
        self.unread_client()
        self.check(server, port, *words)
