"""TLS: the context of all connections, and the certificates of the authorities it trusts."""

import errno
import logging
import os
import ssl
import stat
import threading

from shared.logs import event
from shared.text import shown

log = logging.getLogger("client")

NOT_READ = "certificates not read again: the previous ones are used"

_PATHS = ssl.get_default_verify_paths()  # as they are at the start: a file may be gone for a moment

_Stat = tuple[int, int, int, int]


class Authorities:
    """The certificates that are trusted, read again when their file has been replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._seen: tuple[_Stat | None, ...] = ()
        """The file and the directories, as they were when they were read."""

    def context(self) -> ssl.SSLContext:
        """Return the context. Raises OSError where there is none yet, and none can be made."""
        with self._lock:
            # To read them takes longer than a poll on loopback.
            seen = tuple(map(_stat, [_file(), *_directories().split(os.pathsep)]))
            if self._context is None or seen != self._seen:
                self._context = self._made()
                self._seen = seen
            return self._context

    def _made(self) -> ssl.SSLContext:
        try:
            return make_context()
        except OSError as error:
            if self._context is None:
                raise
            log.warning(
                NOT_READ,
                extra=event(path=_file(), reason=shown(error.strerror or str(error))),
            )
            return self._context


AUTHORITIES = Authorities()
"""Those of this process."""


def make_context() -> ssl.SSLContext:
    """Make a context that is the same on every Python. Raises OSError.

    It is made by hand: since Python 3.13 the default one has VERIFY_X509_STRICT, which refuses many
    a private authority that curl, nginx and browsers accept.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # As curl and browsers: what is in the file is trusted, be it an authority below another one.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])  # RFC 7301; there are servers that close on all others
    file = _file()
    if file and not stat.S_ISREG(os.stat(file).st_mode):  # a FIFO would never be read to its end
        raise OSError(errno.EINVAL, "it is not a regular file", file)
    context.load_verify_locations(file, _directories())
    return context


def _file() -> str | None:
    """Return the file of certificates: SSL_CERT_FILE names it, or it is OpenSSL's, if any."""
    return os.environ.get(_PATHS.openssl_cafile_env) or _PATHS.cafile


def _directories() -> str:
    """Return the directories of certificates: SSL_CERT_DIR names them, or they are OpenSSL's."""
    return os.environ.get(_PATHS.openssl_capath_env) or _PATHS.openssl_capath


def _stat(path: str | None) -> _Stat | None:
    """Return what changes when a file is replaced."""
    try:
        found = os.stat(path or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
