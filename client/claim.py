"""The claim on the snapshot socket's path: a listening socket, put in its place atomically."""

import errno
import fcntl
import os
import socket
import zlib
from contextlib import suppress
from pathlib import Path

BACKLOG = 128  # servers that connect at the same moment


class ClaimError(Exception):
    """The path cannot be had; the text says why, and what to do."""


class Claim:
    """A listening Unix socket under a path, as long as it is held."""

    def __init__(self, path: Path) -> None:
        """Take the path, or take it over from a client that is gone. Raises ClaimError.

        Where another client still listens there, it is left alone.
        """
        self.path = path
        try:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.socket.setblocking(False)
                self._inode = self._put_in_place()
            except BaseException:
                self.socket.close()
                raise
        except OSError as error:
            raise ClaimError(
                f"a socket cannot be made there: {error.strerror or error}; want a path in a "
                "directory that can be written"
            ) from None

    def _put_in_place(self) -> tuple[int, int]:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Two clients that start at once must not both find the path free. The lock is on the
            # directory, so that no further file stays behind.
            self._lock(folder)
            if _answers(self.path):
                raise ClaimError("another client is listening there; stop it, or use another path")
            # Bound aside and renamed: there is no moment without a socket that can be connected
            # to. Through the directory's descriptor, since a path in full may be as long as the
            # system allows already.
            aside = self.path.with_name(f".{zlib.crc32(os.fsencode(self.path.name)):08x}.new")
            with suppress(FileNotFoundError):
                os.unlink(aside)
            self._bind(f"/proc/self/fd/{folder}/{aside.name}")
            self.socket.listen(BACKLOG)
            os.replace(aside, self.path)
        finally:
            os.close(folder)
        return _inode(self.path)

    def _bind(self, address: str) -> None:
        """Bind; where the volume is full, in the room of the socket that nobody listens on."""
        try:
            self.socket.bind(address)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self.path.is_socket():
                raise
            os.unlink(self.path)
            self.socket.bind(address)

    def _lock(self, folder: int) -> None:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClaimError("another client is just starting in that directory") from None

    def in_place(self) -> bool:
        """Tell whether the path still leads to this socket."""
        try:
            return _inode(self.path) == self._inode
        except OSError:
            return False

    def release(self) -> None:
        """Close the socket, and remove its file if it is still this socket's."""
        if self.in_place():
            with suppress(OSError):  # a directory that has turned read-only keeps it
                os.unlink(self.path)
        self.socket.close()


def _inode(path: Path) -> tuple[int, int]:
    status = os.stat(path, follow_symlinks=False)
    return status.st_dev, status.st_ino


def _answers(path: Path) -> bool:
    """Tell whether somebody listens on a path; a file that is no socket is an error.

    Raises ClaimError rather than have a file of the user's replaced.
    """
    if not os.path.lexists(path):
        return False
    if not path.is_socket():
        raise ClaimError("a file is there that is not a socket; remove it, or use another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except BlockingIOError:  # its queue is full: somebody is there, though slow
            return True
    return True
