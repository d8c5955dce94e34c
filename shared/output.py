"""The output: what a command prints, whatever its standard output is."""

import os
import sys

CANNOT_PRINT = 1
"""The exit status of a command whose output cannot be written."""


def prepare() -> None:
    """Have a standard output that takes any text: another encoding than UTF-8, or a closed one."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as we run
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


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
