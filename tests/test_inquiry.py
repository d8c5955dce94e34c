"""Inquiries: what one asks a running program, and why there may be no answer."""

import os
import socket
import threading
import time
from collections.abc import Callable

from shared import inquiry
from shared.inquiry import InquiryError
from tests.processes import as_root
from tests.support import TestCase

STRANGER, ASKER = 65_533, 65_534  # users who are neither root nor each other


class Inquiries(TestCase):
    def setUp(self) -> None:
        self.place = f"test-{os.getpid()}-{self.id()[-40:]}"
        self.address = inquiry.address("tested", self.place)

    def listening(self) -> socket.socket:
        """Listen at the test's address."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listening.close)
        listening.bind(self.address)
        listening.listen()
        return listening

    def answered(self, act: Callable[[socket.socket], None]) -> None:
        """Have who asks next be treated by `act`, in a thread."""
        listening = self.listening()

        def attend() -> None:
            with listening.accept()[0] as connection:
                act(connection)

        thread = threading.Thread(target=attend)
        thread.start()
        self.addCleanup(thread.join)

    def failure(self, deadline: float = inquiry.DEADLINE) -> str:
        """Ask in vain, and tell why."""
        with self.assertRaises(InquiryError) as caught:
            inquiry.ask(self.address, inquiry.HEALTH, deadline)
        return str(caught.exception)

    def test_an_answer_is_all_until_the_end(self) -> None:
        asked = []

        def answer(connection: socket.socket) -> None:
            asked.append(connection.recv(100))
            for piece in ("żółw" * 100_000, "!"):
                connection.sendall(piece.encode())

        self.answered(answer)
        told = inquiry.ask(self.address, inquiry.STATUS)
        self.assertEqual(told, "żółw" * 100_000 + "!")
        self.assertEqual(asked, [b"status\n"])

    def test_who_does_not_run_is_told_as_such(self) -> None:
        self.assertEqual(self.failure(), "it does not run here")

    def test_who_never_answers_is_not_waited_for_longer_than_the_deadline(self) -> None:
        self.listening()
        started = time.monotonic()
        self.assertEqual(self.failure(0.1), "it gives no answer within 0.1 s")
        self.assertLess(time.monotonic() - started, 2)

    def test_nor_is_one_who_drips(self) -> None:
        def drip(connection: socket.socket) -> None:
            with self.assertRaises(OSError):
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.02)  # less than the deadline, as often as it takes

        self.answered(drip)
        started = time.monotonic()
        self.assertEqual(self.failure(0.2), "it gives no answer within 0.2 s")
        self.assertLess(time.monotonic() - started, 2)

    def test_an_end_without_an_answer_is_no_answer(self) -> None:
        self.answered(lambda connection: connection.close())
        self.assertRegex(self.failure(), "does not answer this user")

    def test_the_running_ones_can_be_told(self) -> None:
        self.assertNotIn(self.place, inquiry.places("tested"))
        self.listening()
        self.assertIn(self.place, inquiry.places("tested"))
        self.assertNotIn(self.place, inquiry.places("teste"))

    def test_a_name_that_another_user_took_is_not_believed(self) -> None:
        script = f"""
import os, socket
from shared.inquiry import InquiryError, ask
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind({self.address!r})
os.seteuid({STRANGER})  # whose the connections are is settled by who listens
listening.listen()
os.seteuid(0)
os.setuid({ASKER})
try:
    ask({self.address!r}, "live")
except InquiryError as error:
    print(error)
"""
        self.assertEqual(as_root(self, script), "what answers there belongs to another user\n")
