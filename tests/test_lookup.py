"""Name look-ups that can be given up."""

import socket
import threading
from typing import Any
from unittest import mock

from client.lookup import Lookup
from tests.support import DEADLINE, TestCase


class HangingResolver:
    """A `getaddrinfo` that hangs until it is released."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.released = threading.Event()

    def __call__(self, host: str, port: int, type: int) -> list[Any]:  # noqa: A002
        """Hang, then tell an address on loopback."""
        self.calls.append(host)
        self.released.wait(DEADLINE)
        return [(socket.AF_INET, type, 0, "", ("127.0.0.1", port))]


class Lookups(TestCase):
    def test_the_addresses_of_a_name_are_told(self) -> None:
        found = Lookup().start("127.0.0.1", 80).result(DEADLINE)
        self.assertEqual(found, [(socket.AF_INET, ("127.0.0.1", 80))])

    def test_a_name_without_an_address_is_an_error(self) -> None:
        with self.assertRaises(OSError):
            Lookup().start("", 80).result(DEADLINE)
            Lookup().start("no.such.name.invalid", 80).result(DEADLINE)

    def test_a_label_that_is_too_long_is_an_error(self) -> None:
        with self.assertRaises((OSError, UnicodeError)):
            Lookup().start("x" * 70 + ".invalid", 80).result(DEADLINE)

    def test_a_look_up_that_hangs_is_joined_and_not_begun_again(self) -> None:
        resolver = HangingResolver()
        self.addCleanup(resolver.released.set)
        lookup = Lookup(resolver)
        futures = [lookup.start("slow.example", 80) for _ in range(10)]
        self.assertEqual(len(set(futures)), 1)
        with self.assertRaisesRegex(OSError, "look-up of slow.example is still under way"):
            lookup.start("other.example", 80)
        resolver.released.set()
        self.assertEqual(futures[0].result(DEADLINE), [(socket.AF_INET, ("127.0.0.1", 80))])
        self.assertEqual(resolver.calls, ["slow.example"])

    def test_each_poll_looks_up_anew_once_the_last_look_up_has_ended(self) -> None:
        resolver = HangingResolver()
        resolver.released.set()
        lookup = Lookup(resolver)
        for _ in range(3):
            lookup.start("name.example", 80).result(DEADLINE)
        self.assertEqual(len(resolver.calls), 3)

    def test_a_thread_that_cannot_be_started_is_an_error_of_one_look_up_only(self) -> None:
        lookup = Lookup(mock.Mock(return_value=[]))
        refused = RuntimeError("can't start new thread")
        with (
            mock.patch.object(threading.Thread, "start", side_effect=refused),
            self.assertRaisesRegex(OSError, "can't start new thread"),
        ):
            lookup.start("name.example", 80)
        self.assertEqual(lookup.start("other.example", 80).result(DEADLINE), [])

    def test_whatever_a_look_up_raises_reaches_who_waits_for_it(self) -> None:
        lookup = Lookup(mock.Mock(side_effect=MemoryError))
        for _ in range(2):
            with self.assertRaises(MemoryError):
                lookup.start("name.example", 80).result(DEADLINE)
