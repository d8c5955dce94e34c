"""Standard error, shared by several programs: each line begins with the name of its program."""

import os
import sys
import threading
from collections.abc import Sequence

COLOURS = (36, 33, 32, 35)  # cyan, yellow, green, magenta: ECMA-48, select graphic rendition


class Console:
    """Tells the lines of several programs apart, by name and, on a terminal, by colour."""

    def __init__(self, names: Sequence[str]) -> None:
        width = max(map(len, names))
        self._heads = {name: f"{name:{width}} |" for name in names}
        if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):  # see no-color.org
            for name, colour in zip(names, COLOURS, strict=False):
                self._heads[name] = f"\x1b[{colour}m{self._heads[name]}\x1b[0m"
        self._lock = threading.Lock()

    def tell(self, name: str, line: str) -> None:
        """Write a line of a program. Safe to call from any thread."""
        with self._lock:
            try:
                sys.stderr.write(f"{self._heads[name]} {line}\n")
                sys.stderr.flush()
            except OSError:  # the terminal is gone, which is no reason to stop in the middle
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), sys.stderr.fileno())
