"""The output: what a command prints, whatever its standard output is."""

import os
import sys
from contextlib import suppress
from typing import TextIO

CANNOT_PRINT = 1
"""The exit status of a command whose output cannot be written."""
COMPLAINT_WAIT = 1.0  # seconds


def prepare() -> None:
    """Have standard streams that take any text: another encoding than UTF-8, or closed ones."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = _nowhere()


def use_utf_8() -> None:
    """Print in UTF-8, whatever the terminal's encoding: other programs read this."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def tell(text: str) -> bool:
    """Print a text that ends in a line feed; False where the reader has had enough.

    A disk that is full ends the program.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return False
    except OSError as error:
        _silence()
        complain(f"standard output: {error.strerror}")
        raise SystemExit(CANNOT_PRINT) from None
    return True


def complain(line: str) -> None:
    """Print a line on standard error, if that takes it within a second: its reader may stall."""
    from threading import Thread  # not for a health check, which has nothing to complain of

    data = f"{line}\n".encode(errors="backslashreplace")
    # Not by the stream: what is stuck in there, the interpreter's exit would wait for.
    writing = Thread(target=_write, args=(sys.stderr.fileno(), data), daemon=True)
    writing.start()
    writing.join(COMPLAINT_WAIT)


def _write(descriptor: int, data: bytes) -> None:
    with suppress(OSError):  # there is nowhere else to complain
        os.write(descriptor, data)


def _silence() -> None:
    """Keep the interpreter's exit from trying once more to write what is left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
