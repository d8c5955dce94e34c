"""The allocator: memory that is freed goes back to the system."""

import subprocess
import sys
from unittest import mock

from client import allocator
from tests.processes import ROOT
from tests.support import TestCase

# A block of 20 MB is freed, and with that the size from which on glibc maps memory would grow.
PROGRAM = """
import sys
from pathlib import Path
from client import allocator

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "settled":
    allocator.settle()
bytes(20_000_000)
before = resident()
blocks = [bytes(1_000_000) for _ in range(50)]
last = blocks.pop()
del blocks
print(resident() - before)
"""


class Memory(TestCase):
    def kept(self, word: str) -> int:
        """Tell how many bytes a program keeps of 49 MB that it has freed."""
        command = [sys.executable, "-c", PROGRAM, word]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)

    def test_what_is_freed_is_given_back(self) -> None:
        self.assertLess(self.kept("settled"), 5_000_000)

    def test_another_c_library_is_left_as_it_is(self) -> None:
        with mock.patch("ctypes.CDLL", side_effect=OSError("no such library")):
            allocator.settle()
        with mock.patch("ctypes.CDLL", return_value=object()):
            allocator.settle()
