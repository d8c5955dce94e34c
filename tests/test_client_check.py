"""`python -m client --check`: what the endpoints answer, before anything depends on it."""

import os

from tests.demo.behaviours import array
from tests.demo.faults import FAULTS
from tests.polled import PolledTestCase
from tests.processes import Ended, Program, command
from tests.support import wait_until

GOOD, OTHER = ["aaaaaaaa", "bbbbbbbb"], ["bbbbbbbb"]


class Check(PolledTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.endpoints.play("/good", array(GOOD))
        self.endpoints.play("/other", array(OTHER))
        self.endpoints.play("/bad", FAULTS["status-500"])

    def check(self, *urls: str, words: tuple[str, ...] = ()) -> Ended:
        """Check a client with endpoints at these URLs."""
        endpoints = [f"--endpoint=15={url}" for url in urls]
        where = ("--socket", str(self.socket))
        return command("client", "--check", *where, *endpoints, *words)

    def test_all_that_came_back_well_is_told(self) -> None:
        good, other = self.endpoints.url("/good"), self.endpoints.url("/other")
        ended = self.check(good, other)
        self.assertEqual((ended.status, ended.errors), (0, ""))
        first, second, together = ended.output.splitlines()
        self.assertRegex(first, rf"^{good}   +ok  2 items in 0\.\d\d\d s$")
        self.assertRegex(second, rf"^{other}  +ok  1 item in 0\.\d\d\d s$")
        self.assertEqual(together, "2 endpoints, 2 ok, 0 failed; 2 items between them")

    def test_what_failed_is_told_with_its_reason(self) -> None:
        good, bad = self.endpoints.url("/good"), self.endpoints.url("/bad")
        ended = self.check(good, bad)
        self.assertEqual((ended.status, ended.errors), (1, ""))
        _, second, together = ended.output.splitlines()
        self.assertRegex(second, rf"^{bad}  +failed  .*500")
        self.assertEqual(together, "2 endpoints, 1 ok, 1 failed; 2 items between them")

    def test_one_that_hangs_is_given_up_in_time(self) -> None:
        self.endpoints.play("/bad", FAULTS["hang"])
        ended = self.check(self.endpoints.url("/bad"), words=("--timeout", "0.2"))
        self.assertEqual(ended.status, 1)
        self.assertIn("0.2 s", ended.output)

    def test_one_that_is_ended_has_not_gone_well(self) -> None:
        self.endpoints.play("/bad", FAULTS["hang"])
        where = ("--socket", str(self.socket), f"--endpoint=15={self.endpoints.url('/bad')}")
        checking = self.enterContext(Program("client", "--check", *where))
        wait_until(lambda: self.endpoints.requests, "it polls")
        self.assertEqual(checking.stop(), 143)

    def test_no_secret_is_told(self) -> None:
        url = self.endpoints.url("/bad").replace("://", "://user:secret@") + "?key=hidden"
        ended = self.check(url)
        self.assertNotRegex(ended.output + ended.errors, "secret|hidden")
        self.assertIn("://***@", ended.output)

    def test_a_bad_setting_is_told_as_ever(self) -> None:
        ended = self.check("ftp://x")
        self.assertEqual((ended.status, ended.output), (2, ""))
        self.assertIn("want a URL that begins with http://HOST", ended.errors)

    def test_a_client_that_runs_is_not_disturbed(self) -> None:
        good = self.endpoints.url("/good")
        arguments = ("--socket", str(self.socket), f"--endpoint=15={good}")
        running = self.enterContext(Program("client", *arguments))
        running.wait_for("snapshot pushed")
        before = {name: os.stat(self.folder / name) for name in os.listdir(self.folder)}
        self.assertEqual(self.check(good).status, 0)
        after = {name: os.stat(self.folder / name) for name in os.listdir(self.folder)}
        self.assertEqual(
            {name: (s.st_ino, s.st_mtime) for name, s in before.items()},
            {name: (s.st_ino, s.st_mtime) for name, s in after.items()},
        )
        self.assertEqual(running.stop(), 0)

    def test_where_none_runs_nothing_is_left_behind(self) -> None:
        self.check(self.endpoints.url("/good"))
        self.assertEqual(os.listdir(self.folder), [])
