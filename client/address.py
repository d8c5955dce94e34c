"""The address by which a running client is found: the path of its snapshot socket."""

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.path import SOCKET
from shared.settings import SettingError
from shared.text import quoted

SETTINGS = (SOCKET,)


def place(values: Mapping[str, Any]) -> str:
    """Tell what no two clients of a network namespace share, see `shared.inquiry`.

    It is the directory itself, not its path: the same path is another volume in each container, and
    on a host network all of them are in one namespace. Raises SettingError.
    """
    path: Path = values["socket"]
    try:
        folder = os.stat(path.parent)
    except OSError as error:
        raise SettingError(f"--socket {quoted(path)}: {error.strerror}") from None
    return f"{folder.st_dev:x}:{folder.st_ino:x}:{zlib.crc32(os.fsencode(path.name)):08x}"
