"""The path of the snapshot socket, and the setting that names it."""

import os
from pathlib import Path

from shared.settings import Setting

DEFAULT_SOCKET = "/run/gateway/snapshot.sock"
LONGEST_SOCKET_PATH = 107  # bytes; sun_path of unix(7) holds 108 with the NUL that ends it


def absolute(text: str) -> Path:
    """Return a path from the root on; ValueError where there is no directory to begin at."""
    try:
        return Path(text).absolute()
    except FileNotFoundError:
        raise ValueError("want an absolute path, since the current directory is gone") from None


def socket_path(text: str) -> Path:
    """Parse the path of the snapshot socket; ValueError where no socket can be there."""
    if not text:
        raise ValueError("want a path")
    path = absolute(text)
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET_PATH:
        raise ValueError(
            f"want a path of at most {LONGEST_SOCKET_PATH} bytes, the longest that the system "
            f"takes for a socket; this one has {length}"
        )
    if not path.name or not os.path.isdir(path.parent):
        raise ValueError(f"want a path in a directory that exists; {path.parent} does not")
    return path


SOCKET = Setting(
    "socket",
    "--socket",
    "SNAPSHOT_SOCKET",
    "PATH",
    "the Unix socket between client and servers",
    socket_path,
    DEFAULT_SOCKET,
)
