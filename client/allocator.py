"""The allocator: has memory that is freed given back to the system.

glibc maps a large block by itself, and unmaps it when it is freed. But it takes the size from which
on it does so from the largest block that was freed so far, up to 32 MB, and keeps what is smaller.
A client that polled three million strings three times kept 361 MB; with this 86, and 88 after ten.
"""

import os
import sys

VARIABLE = "MALLOC_MMAP_THRESHOLD_"  # mallopt(3): read when a program starts, and only then
THRESHOLD = 256 * 1024  # bytes; more than a slice of a body, less than anything that is kept


def settle() -> None:
    """Start the program anew with a size that stays, unless the environment names one already."""
    if VARIABLE not in os.environ:
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, os.environ | {VARIABLE: str(THRESHOLD)})
