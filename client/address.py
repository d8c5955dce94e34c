"""The address by which a running client is found: the path of its snapshot socket."""

import os
import zlib
from pathlib import Path

from shared.path import SOCKET
from shared.values import Values

SETTINGS = (SOCKET,)


def place(values: Values) -> str:
    """Tell what no two clients of a network namespace share, see `shared.inquiry`.

    It is the directory itself, not its path: the same path is another volume in each container, and
    on a host network all of them are in one namespace. Raises SettingError.
    """
    path: Path = values["socket"]
    try:
        folder = os.stat(path.parent)
    except OSError as error:
        raise values.error(error.strerror, socket=path) from None
    return f"{folder.st_dev:x}:{folder.st_ino:x}:{zlib.crc32(os.fsencode(path.name)):08x}"
