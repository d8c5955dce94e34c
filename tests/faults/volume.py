"""A small volume of its own, which can be full or turn read-only under way."""

import errno
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Self


class Volume:
    """A mounted tmpfs(5) of 64 kB and 16 files, for as long as the context lasts."""

    @classmethod
    def obstacle(cls) -> str:
        """Tell why none can be had here; empty where it can."""
        if os.geteuid():
            return "only root may mount a volume"
        try:
            with cls():
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            return f"a volume cannot be mounted here: {error}"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name)

    def __enter__(self) -> Self:
        try:
            _run("mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=16", "none", str(self.path))
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _run("umount", "--lazy", str(self.path))
        self._folder.cleanup()

    def fill(self, what: str) -> None:
        """Fill it up, so that it has no room for `bytes`, or for `files`."""
        try:
            with open(self.path / "filler", "wb", buffering=0) as filler:
                while what == "bytes":
                    filler.write(bytes(1024))
            for number in range(100):
                (self.path / f"filler{number}").touch()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def empty(self) -> None:
        """Take away what fills it."""
        for filler in self.path.glob("filler*"):
            filler.unlink()

    def remount(self, how: str) -> None:
        """Let nobody write to it, `ro`, or again all who may, `rw`."""
        _run("mount", "-o", f"remount,{how}", str(self.path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
