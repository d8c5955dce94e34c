"""Runs that a command names."""

import contextlib
import io

from tests import runs
from tests.runs import Tell
from tests.support import TestCase


def _good(tell: Tell) -> bool:
    tell("all is well")
    return True


def _bad(_: Tell) -> bool:
    return False


class NamedRuns(TestCase):
    def called(self, *names: str) -> tuple[int, str]:
        """Call the command; tell its exit status, and what it printed."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                status = runs.main("tests.x", "Try it.", {"good": _good, "bad": _bad}, names)
            except SystemExit as error:
                status = int(error.code or 0)
        return status, printed.getvalue()

    def test_a_run_tells_what_it_sees_and_whether_promises_were_kept(self) -> None:
        self.assertEqual(self.called("good"), (0, "== good\nall is well\nkept, 0 s\n"))
        self.assertEqual(self.called("bad"), (1, "== bad\nBROKEN, 0 s\n"))

    def test_all_are_done_where_none_is_named_and_each_must_keep_its_promises(self) -> None:
        status, printed = self.called()
        self.assertEqual(status, 1)
        self.assertLess(printed.index("== good"), printed.index("== bad"))

    def test_a_run_that_there_is_not_is_refused_with_those_that_there_are(self) -> None:
        status, printed = self.called("good", "best")
        self.assertEqual(status, 2)
        self.assertIn("best: want some of good, bad", printed)
        self.assertNotIn("all is well", printed)
