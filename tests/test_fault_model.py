"""The model of what may be served, without which the tests of faults would prove nothing."""

from client.items import parse
from client.render import Edition, render
from tests.demo.behaviours import rendered
from tests.faults.model import (
    SHARED,
    WrongAnswerError,
    check,
    items,
    merged,
    name,
    newest,
    recognized,
)
from tests.support import TestCase

SENT = [range(1, 10)] * 3
NOTHING = (0, 0, 0)


class Versions(TestCase):
    def test_each_version_is_made_of_valid_strings_and_names_itself(self) -> None:
        for endpoint in range(3):
            for version in range(1, 200):
                strings = items(endpoint, version)
                self.assertEqual({len(string.encode()) for string in strings}, {8})
                self.assertIn(name(endpoint, version), strings)
                self.assertEqual(strings, items(endpoint, version))

    def test_versions_differ_in_what_they_share_repeat_and_lose(self) -> None:
        many = [(items(0, version), items(1, version)) for version in range(1, 200)]
        self.assertTrue(any(set(first) & set(second) for first, second in many))
        self.assertTrue(any(len(set(first)) < len(first) for first, _ in many))
        self.assertLessEqual(set(items(0, 1)) & set(items(0, 50)), set(SHARED))

    def test_an_answer_tells_of_what_it_is_the_merge(self) -> None:
        for versions in (NOTHING, (1, 0, 0), (0, 7, 0), (3, 1, 9), (200, 199, 198)):
            self.assertEqual(recognized(merged(versions), 3), versions)

    def test_the_client_merges_as_the_model_does(self) -> None:
        for version in range(1, 100):
            packed = [parse(rendered(items(endpoint, version))) for endpoint in range(3)]
            snapshot = render(packed, Edition(), 0)
            self.assertEqual(bytes(snapshot.identity), rendered(merged((version,) * 3)))


class Answers(TestCase):
    def test_what_may_be_served_is_recognized(self) -> None:
        self.assertEqual(check(merged((1, 2, 3)), SENT, (1, 1, 3)), (1, 2, 3))
        self.assertEqual(newest((1, 5, 0), (2, 4, 0)), (2, 5, 0))

    def test_a_lost_a_strange_a_doubled_and_a_moved_string_are_noticed(self) -> None:
        good = merged((4, 5, 6))
        for bad in (
            good[:-1],
            good[1:],
            [*good, "strange!"],
            [*good, good[0]],
            [good[1], good[0], *good[2:]],
            [*good, name(0, 3)],
            [string for string in good if string != name(1, 5)],
        ):
            with self.assertRaises(WrongAnswerError):
                check(bad, SENT, NOTHING)

    def test_what_was_never_sent_is_noticed(self) -> None:
        with self.assertRaisesRegex(WrongAnswerError, "never sent"):
            check(merged((4, 10, 6)), SENT, NOTHING)

    def test_what_is_older_than_before_or_forgotten_is_noticed(self) -> None:
        for versions in ((4, 5, 5), (4, 5, 0)):
            with self.assertRaisesRegex(WrongAnswerError, "6 was served before"):
                check(merged(versions), SENT, (1, 1, 6))
