"""The allocator: the program is started anew, once, with a size from which on memory is mapped."""

import os
import sys
from unittest import mock

from client.allocator import THRESHOLD, VARIABLE, settle
from tests.support import TestCase


class Starts(TestCase):
    def started(self, environment: dict[str, str]) -> list[mock._Call]:
        """Tell how the program is started anew in an environment."""
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(sys, "orig_argv", ["python3", "-X", "dev", "-m", "client", "--x"]),
            mock.patch("os.execve") as execve,
        ):
            settle()
        return execve.call_args_list

    def test_it_is_started_anew_with_all_that_it_was_given(self) -> None:
        arguments = [sys.executable, "-X", "dev", "-m", "client", "--x"]
        environment = {"ENDPOINTS": "15=http://x/", VARIABLE: str(THRESHOLD)}
        self.assertEqual(
            self.started({"ENDPOINTS": "15=http://x/"}),
            [mock.call(sys.executable, arguments, environment)],
        )

    def test_what_the_environment_names_already_stays(self) -> None:
        self.assertEqual(self.started({VARIABLE: "1000000"}), [])
