"""The limit under load: clients in processes of their own, and each of them counted."""

import resource
from itertools import product

from tests.load.limit import Round
from tests.load.outcome import REFUSED, SERVED, outcome
from tests.load.server import serving
from tests.load.worker import workers
from tests.support import TestCase

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
    b"Content-Length: 48\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    b'{"detail": "The limit of 2 clients is reached."}'
)


class TheLimit(TestCase):
    def play(self, limit: int, *rounds: Round, idle_timeout: float = 60.0) -> None:
        """Play rounds with one server, in two processes."""
        with serving(limit, idle_timeout=idle_timeout) as server, workers(2, server.port()) as two:
            for each in rounds:
                self.assertEqual(each.play(two), [])

    def test_it_is_exact_round_after_round_however_clients_ask_and_leave(self) -> None:
        for limit, beyond in ((1, 200), (10, 1), (100, 300)):
            ways = product((False, True), ("close", "half-close", "reset"))
            self.play(limit, *(Round(limit, beyond, in_turn, way) for in_turn, way in ways))

    def test_it_is_exact_after_clients_that_timed_out(self) -> None:
        timed_out, after = Round(10, 100, False, "time-out"), Round(10, 100, True, "close")
        self.play(10, timed_out, after, idle_timeout=3.0)

    def test_it_is_exact_for_a_thousand_with_five_thousand_more(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6100:
            self.skipTest(f"6000 clients need as many descriptors, this machine has {hard}")
        self.play(1000, Round(1000, 5000, False, "reset"), Round(1000, 5000, True, "close"))

    def test_a_limit_that_is_not_exact_would_be_noticed(self) -> None:
        with serving(3) as server, workers(2, server.port()) as two:
            for limit in (2, 4):
                for in_turn in (False, True):
                    complaints = Round(limit, 5, in_turn, "close").play(two)
                    self.assertIn("instead of", complaints[0])


class Outcomes(TestCase):
    def test_an_answer_counts_when_it_is_whole(self) -> None:
        for end in range(len(ANSWER)):
            self.assertIsNone(outcome(ANSWER[:end], ended=False))
            self.assertEqual(outcome(ANSWER[:end], ended=True), f"cut short after {end} bytes")
        self.assertEqual(outcome(ANSWER, ended=False), SERVED)
        self.assertEqual(outcome(ANSWER * 2, ended=False), "more than an answer")

    def test_a_refusal_counts_when_the_connection_has_ended_too(self) -> None:
        self.assertIsNone(outcome(REFUSAL, ended=False))
        self.assertEqual(outcome(REFUSAL, ended=True), REFUSED)

    def test_a_refusal_says_what_it_must(self) -> None:
        for missing in (b"Retry-After: 1\r\n", b"Connection: close\r\n"):
            word = outcome(REFUSAL.replace(missing, b""), ended=True)
            self.assertEqual(word, "a 503 without Retry-After or Connection: close")
        for right, wrong in ((b"problem+json", b"json"), (b"clients is", b"clients wa")):
            word = outcome(REFUSAL.replace(right, wrong), ended=True)
            self.assertEqual(word, "a 503 that does not name the limit")
