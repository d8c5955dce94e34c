"""The service: what all connections share."""

import logging
import time
from http import HTTPStatus

from server.problem import Problem
from server.service import QUIET, Service
from shared import boot_clock
from tests.samples import get, snapshot
from tests.support import TestCase

SMALL, OTHER = snapshot(), snapshot("12345678")


class Services(TestCase):
    def setUp(self) -> None:
        self.service = Service(capacity=1)

    def age(self) -> int:
        """Tell the Age of an answer given now."""
        answer = self.service.answer(get(), closes=False)
        head = bytes(answer.pieces[0]).decode().split("\r\n")
        return next(int(line.removeprefix("Age: ")) for line in head if line.startswith("Age: "))

    def test_there_is_no_data_until_a_snapshot_is_taken(self) -> None:
        self.assertEqual(self.service.answer(get(), closes=False).status, 503)
        self.service.take(SMALL, 0.0)
        self.assertEqual(self.service.answer(get(), closes=False).status, 200)

    def test_the_age_grows_with_the_ticks_and_a_renewal_takes_it_back(self) -> None:
        self.service.take(SMALL, 60.0)
        self.assertEqual(self.age(), 60)
        self.service.tick(boot_clock.now() + 3600, time.time())
        self.assertEqual(self.age(), 3660)
        self.assertTrue(self.service.renew(SMALL.identity_digest, 5.0))
        self.assertEqual(self.age(), 5)

    def test_a_wall_clock_that_jumps_changes_no_age(self) -> None:
        self.service.take(SMALL, 60.0)
        for jump in (-86_400, 86_400):
            self.service.tick(boot_clock.now(), time.time() + jump)
            self.assertEqual(self.age(), 60)

    def test_only_what_is_held_can_be_renewed(self) -> None:
        self.assertFalse(self.service.renew(SMALL.identity_digest, 5.0))
        self.service.take(OTHER, 60.0)
        self.assertFalse(self.service.renew(SMALL.identity_digest, 5.0))
        self.assertEqual(self.age(), 60)

    def test_a_stopping_server_says_that_its_answers_are_the_last(self) -> None:
        self.service.take(SMALL, 0.0)
        self.assertFalse(self.service.answer(get(), closes=False).closes)
        self.service.stop()
        self.assertTrue(self.service.answer(get(), closes=False).closes)

    def test_what_is_answered_is_counted(self) -> None:
        self.service.take(SMALL, 0.0)
        self.assertTrue(self.service.limit.admit("a"))
        self.assertFalse(self.service.limit.admit("b"))
        self.service.refuse(get())
        self.service.answer(get(), closes=False)
        self.service.answer(get("/x"), closes=False)
        self.service.reject(Problem(HTTPStatus.BAD_REQUEST, "No."), None)
        self.service.limit.leave("a")
        self.assertEqual(
            self.service.report(),
            {"clients": 0, "most": 1, "requests": 3, "refused": 1, "errors": 2, "cut": 0},
        )
        self.assertIsNone(self.service.report())

    def test_that_the_limit_is_reached_is_told_when_it_begins_and_when_it_ends(self) -> None:
        with self.assertLogs("server", logging.INFO) as logs:
            for _ in range(3):
                self.service.refuse(get())
            now = boot_clock.now()
            self.service.tick(now, time.time())
            self.service.tick(now + QUIET + 1, time.time())
            self.service.tick(now + QUIET + 2, time.time())
            self.service.refuse(get())
        self.assertEqual(
            logs.output,
            [
                "WARNING:server:limit reached",
                "INFO:server:limit left",
                "WARNING:server:limit reached",
            ],
        )

    def test_to_head_even_a_refusal_has_no_body(self) -> None:
        request = get(method="HEAD")
        for answer in (
            self.service.refuse(request),
            self.service.answer(request, closes=False),
            self.service.reject(Problem(HTTPStatus.BAD_REQUEST, "No."), request),
        ):
            self.assertTrue(bytes(answer.pieces[-1]).endswith(b"\r\n\r\n"))
