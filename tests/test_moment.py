"""Moments: points in time that a process which starts later can measure from."""

import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

from client import moment
from client.moment import Moment
from tests.processes import ROOT
from tests.support import TestCase

NOW = Moment(wall=5000.0, uptime=700.0, boot="this one")


class Moments(TestCase):
    def test_within_a_boot_the_uptime_counts_and_across_one_the_wall_clock(self) -> None:
        self.assertEqual(NOW.since(0.0, 690.0, "this one"), 10.0)
        self.assertEqual(NOW.since(4000.0, 690.0, "another"), 1000.0)

    def test_what_seems_to_lie_ahead_is_now(self) -> None:
        self.assertEqual(NOW.since(0.0, 701.0, "this one"), 0.0)
        self.assertEqual(NOW.since(6000.0, 0.0, "another"), 0.0)

    def test_a_system_that_does_not_tell_its_boots_has_but_the_wall_clock(self) -> None:
        with mock.patch.object(moment, "_BOOT_ID", Path("/nonexistent")):
            now = Moment.now()
        self.assertAlmostEqual(now.since(now.wall - 10, now.uptime, now.boot), 10.0, delta=0.001)

    def test_another_process_has_the_same_uptime_and_boot(self) -> None:
        code = "from client.moment import Moment; now = Moment.now(); print(now.uptime, now.boot)"
        before = Moment.now()
        command = [sys.executable, "-c", code]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        uptime, boot = told.split()
        self.assertEqual(boot, before.boot)
        self.assertLessEqual(before.uptime, float(uptime))
        self.assertLessEqual(float(uptime), time.clock_gettime(time.CLOCK_BOOTTIME))
