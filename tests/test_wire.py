"""The wire: connecting again within the patience."""

import socket
from collections.abc import Callable, Iterable
from typing import Any

from client.lookup import Lookup
from client.wire import GivenUpError, Wire
from tests.support import TestCase

Answers = Iterable[tuple[Any, Any, Any, Any, Any]]


class Patience(TestCase):
    def setUp(self) -> None:
        """Listen, under a name that is known from the third look-up on."""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listening.close)
        self.lookups = 0
        self.then: Callable[[], object] = lambda: None

    def resolve(self, *_: object, **__: object) -> Answers:
        """Do what `getaddrinfo` does."""
        self.lookups += 1
        if self.lookups < 3:
            self.then()
            raise socket.gaierror(socket.EAI_NONAME, "not yet")
        return [(socket.AF_INET, None, None, None, self.listening.getsockname())]

    def test_a_host_that_cannot_be_reached_is_tried_again(self) -> None:
        wire = Wire(Lookup(self.resolve), timeout=60, patience=60)
        self.addCleanup(wire.close)
        wire.connect("late.example", 80).close()
        self.assertEqual(self.lookups, 3)

    def test_without_patience_it_is_tried_once(self) -> None:
        wire = Wire(Lookup(self.resolve), timeout=60)
        self.addCleanup(wire.close)
        with self.assertRaises(socket.gaierror):
            wire.connect("late.example", 80)
        self.assertEqual(self.lookups, 1)

    def test_a_poll_that_is_given_up_is_patient_no_longer(self) -> None:
        wire = Wire(Lookup(self.resolve), timeout=60, patience=60)
        self.addCleanup(wire.close)
        self.then = lambda: wire.give_up("the client stops")
        with self.assertRaisesRegex(GivenUpError, "the client stops"):
            wire.connect("late.example", 80)
        self.assertEqual(self.lookups, 1)
