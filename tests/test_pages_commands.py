"""The pages: their commands that need no container are run, and each is run by somebody."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

from tests.benchmark.process import free_port
from tests.containers import served
from tests.demo.behaviours import array
from tests.demo.endpoints import Endpoints
from tests.pages import ELSEWHERE, all_commands, elsewhere, needs_docker
from tests.processes import ROOT, clean_environment
from tests.support import TestCase, wait_until
from tests.transcript import Command


def is_without_docker(command: Command) -> bool:
    """Tell whether it is the block that runs both programs, which the last test does."""
    return "python3 -m client" in command.text and not needs_docker(command)


def is_there(group: int) -> bool:
    """Tell whether there is a process left of a group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class Commands(TestCase):
    def test_each_is_run_by_a_test(self) -> None:
        for command in all_commands():
            with self.subTest(command.text, page=command.page):
                self.assertTrue(
                    elsewhere(command) or needs_docker(command) or is_without_docker(command)
                )

    def test_none_is_said_to_be_run_that_no_page_has(self) -> None:
        self.assertEqual(set(map(elsewhere, all_commands())) - {None}, set(ELSEWHERE))

    def test_who_is_said_to_run_one_is_there(self) -> None:
        for said in ELSEWHERE.values():
            for module in re.findall(r"\btests\.(\w+)", said):
                with self.subTest(said):
                    self.assertTrue((ROOT / "tests" / f"{module}.py").exists())

    def test_those_that_take_long_take_their_arguments(self) -> None:
        for command in all_commands():
            if elsewhere(command) and command.text.startswith("python3 "):
                words = shlex.split(command.text)[1:]
                ended = subprocess.run(
                    [sys.executable, *words, "--help"],
                    cwd=ROOT,
                    env=clean_environment(),
                    capture_output=True,
                    check=False,
                )
                with self.subTest(command.text):
                    self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_the_programs_run_without_containers_as_the_readme_says(self) -> None:
        (command,) = (c for c in all_commands() if is_without_docker(c))
        endpoints = Endpoints()
        self.addCleanup(endpoints.close)
        endpoints.play("/one", array(["aaaaaaaa"]))
        endpoints.play("/two", array(["bbbbbbbb"]))
        folder, port = self.enterContext(tempfile.TemporaryDirectory()), free_port()
        text = command.text.replace("/tmp/gateway", f"{folder}/gateway")
        text = text.replace("http://one.example/", endpoints.url("/one"))
        text = text.replace("http://two.example/", endpoints.url("/two"))
        text = text.replace("8080", str(port)).replace("python3", sys.executable)
        shell = subprocess.Popen(
            ["sh", "-ec", text],
            cwd=ROOT,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(lambda: served(port) == ["aaaaaaaa", "bbbbbbbb"], "it serves", 30)
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
            shell.wait(15)
            wait_until(lambda: not is_there(shell.pid), "both programs end", 15)
