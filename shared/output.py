"""The output: what a command prints, whatever its standard output is."""

import os
import sys
from typing import TextIO

CANNOT_PRINT = 1
"""The exit status of a command whose output cannot be written."""


def prepare() -> None:
    """Have standard streams that take any text: another encoding than UTF-8, or closed ones."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = _nowhere()


def use_utf_8() -> None:
    """Print in UTF-8 whatever the terminal has, for what other programs read."""
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
        print(f"standard output: {error.strerror}", file=sys.stderr)  # noqa: T201 - nowhere else
        raise SystemExit(CANNOT_PRINT) from None
    return True


def _silence() -> None:
    """Keep the interpreter's exit from trying once more to write what is left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
