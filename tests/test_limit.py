"""The limit: slots for clients."""

import random

from server.limit import Limit
from tests.support import TestCase


class Limits(TestCase):
    def test_as_many_are_let_in_as_there_are_slots(self) -> None:
        limit = Limit(2)
        self.assertEqual([limit.admit(client) for client in "abc"], [True, True, False])
        self.assertEqual((len(limit), "a" in limit, "c" in limit), (2, True, False))

    def test_who_is_in_stays_in_and_takes_one_slot(self) -> None:
        limit = Limit(1)
        self.assertTrue(limit.admit("a") and limit.admit("a"))
        self.assertEqual(len(limit), 1)

    def test_a_slot_is_given_back_once(self) -> None:
        limit = Limit(2)
        self.assertTrue(limit.admit("a") and limit.admit("b"))
        limit.leave("a")
        limit.leave("a")
        limit.leave("stranger")
        self.assertEqual([limit.admit(client) for client in "cd"], [True, False])

    def test_the_most_that_were_inside_are_told_once(self) -> None:
        limit = Limit(3)
        for client in "abcd":
            limit.admit(client)
        limit.leave("a")
        limit.leave("b")
        self.assertEqual((limit.take_most(), limit.take_most()), (3, 1))

    def test_it_agrees_with_a_model_whoever_comes_and_goes(self) -> None:
        chance = random.Random(503)
        limit, inside = Limit(5), set[int]()
        for _ in range(5000):
            client = chance.randrange(12)
            if chance.random() < 0.5:
                fits = client in inside or len(inside) < 5
                self.assertEqual(limit.admit(client), fits)
                inside |= {client} if fits else set()
            else:
                limit.leave(client)
                inside.discard(client)
            self.assertEqual(len(limit), len(inside))
