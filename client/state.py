"""The state file: the last good results on disk, to bridge a restart of the client.

One JSON object, written aside and renamed, so that a kill at any moment leaves the old file or the
new one. Its last member is the CRC-32 of all before it, since most damages leave valid data. An
endpoint is known by a digest of its URL, which may hold secrets; its items are one string, end to
end. Ages are durations as of the moment of writing, which the file holds by the wall clock and by
the machine's uptime.
"""

import errno
import json
import math
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from client.endpoint import Endpoint
from client.fetch import Validators
from client.items import ITEM_SIZE, SLICE
from client.moment import Moment
from client.render import Edition
from client.results import Result

VERSION = 2
# How each file of this program begins. What does not is not even parsed: `json` would take 25 times
# its size for an array of empty objects.
_BEGINNING = re.compile(rb'\{"version": ([0-9]{1,9}), "written": ')
# What json, and the reading of what it gives, raise on a file that is not of ours.
_DAMAGES = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
LONGEST_BEGINNING = 64  # bytes, and more than what such a file is known by
MAX_SIZE = 1 << 30  # bytes; what is larger was not written by this program
PIECE = ITEM_SIZE * SLICE  # bytes of items rendered at a time
LAST_DATE = 1 << 40  # seconds since the epoch; what is later is damaged

_WITHIN_CHARACTER = re.compile(rb"[\x80-\xbf]")  # RFC 3629, section 3: UTF8-tail


class StateError(Exception):
    """A state file cannot be read or written; the text says why."""


@dataclass(frozen=True)
class State:
    """What a client remembers."""

    edition: Edition = field(default_factory=Edition)
    results: Mapping[Endpoint, Result] = field(default_factory=dict)


def encode(state: State, now: Moment) -> Iterator[bytes]:
    """Render a state file in pieces: `json.dumps` holds the interpreter lock for a whole call."""
    checksum = 0
    for piece in _pieces(state, now):
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield seal(checksum)


def seal(checksum: int) -> bytes:
    """Render the end of a state file, by the CRC-32 of all before it."""
    return b', "checksum": "%08x"}' % checksum


SEAL_SIZE = len(seal(0))


def _pieces(state: State, now: Moment) -> Iterator[bytes]:
    head = {
        "version": VERSION,
        "written": now.wall,
        "uptime": now.uptime,
        "boot": now.boot,
        "last_modified": state.edition.last_modified,
        "digest": state.edition.digest.hex(),
    }
    yield _json(head)[:-1] + b', "endpoints": ['
    for number, (endpoint, result) in enumerate(state.results.items()):
        entry = {
            "key": endpoint.key,
            "name": endpoint.name,
            "age": now.uptime - result.succeeded,
            "etag": result.validators.etag,
            "modified": result.validators.last_modified,
        }
        yield (b", " if number else b"") + _json(entry)[:-1] + b', "items": "'
        for start in range(0, len(result.items), PIECE):
            yield _json(result.items[start : start + PIECE].decode())[1:-1]
        yield b'"}'
    yield b"]"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def decode(data: bytes, endpoints: Iterable[Endpoint], now: Moment) -> State:
    """Read a state file, for the endpoints that are configured now. Raises StateError."""
    beginning = _BEGINNING.match(data)
    if not beginning:
        raise StateError("it is not a state file of this program")
    if int(beginning[1]) != VERSION:
        raise StateError(f"its version is {int(beginning[1])}, not {VERSION}")
    if seal(zlib.crc32(data[:-SEAL_SIZE])) != data[-SEAL_SIZE:]:
        raise StateError("it is damaged: its checksum is wrong")
    try:
        document = json.loads(data.decode())
        passed = now.since(
            _finite(document["written"]), _finite(document["uptime"]), document["boot"]
        )
        edition = Edition(bytes.fromhex(document["digest"]), int(document["last_modified"]))
        if not 0 <= edition.last_modified <= LAST_DATE:
            raise ValueError(f"a date of {edition.last_modified}")
        entries = {entry["key"]: entry for entry in document["endpoints"]}
        results = {
            endpoint: _result(entries[endpoint.key], now.uptime - passed)
            for endpoint in endpoints
            if endpoint.key in entries
        }
    except _DAMAGES as error:
        raise StateError(f"it is damaged: {type(error).__name__} {error!s:.80}") from None
    return State(edition, results)


def _result(entry: Mapping[str, Any], written: float) -> Result:
    items: bytes = entry["items"].encode()
    if len(items) % ITEM_SIZE:
        raise ValueError(f"{len(items)} bytes of items are no multiple of {ITEM_SIZE}")
    # All of it is UTF-8; so is each item, unless it begins within a character.
    if _WITHIN_CHARACTER.search(items[::ITEM_SIZE]):
        raise ValueError("a character lies in two items")
    validators = Validators(_text(entry["etag"]), _text(entry["modified"]))
    return Result(items, written - max(0.0, _finite(entry["age"])), validators)


def _finite(value: Any) -> float:
    """Tell a number of seconds; ValueError where it is none that a file of ours holds."""
    seconds = float(value)
    if abs(seconds) > LAST_DATE or math.isnan(seconds):
        raise ValueError(f"a time of {seconds} s")
    return seconds


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value.isascii() and value.isprintable()):
        return value
    raise ValueError("a validator is not text")


class StateFile:
    """The file itself."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path

    def load(self, endpoints: Iterable[Endpoint]) -> State:
        """Read the file; an empty state where there is none. Raises StateError."""
        try:
            data = self._read()
            return decode(data, endpoints, Moment.now())
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise StateError(f"it cannot be read: {error.strerror}") from None
        except MemoryError:
            raise StateError("there is not enough memory for it") from None

    def _read(self) -> bytes:
        with open(self.path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file")
            if status.st_size > MAX_SIZE:
                raise OSError(errno.EFBIG, f"it has {status.st_size} bytes")
            beginning = file.read(LONGEST_BEGINNING)
            if not _BEGINNING.match(beginning):
                return beginning  # the rest may be more than there is memory for
            file.seek(0)
            return file.read()

    def set_aside(self) -> Path:
        """Keep a file that cannot be used, under another name. Raises StateError."""
        aside = self.path.with_name(self.path.name + ".rejected")
        try:
            self._check_kind()
            os.replace(self.path, aside)
        except OSError as error:
            raise StateError(f"it cannot be set aside: {error.strerror}") from None
        return aside

    def save(self, state: State) -> None:
        """Write the file: aside, flushed to the disk, renamed. Raises StateError.

        Not for two threads at a time; `client.memory` waits for one before it begins the next.
        """
        aside = self.path.with_name(self.path.name + ".new")
        try:
            with open(aside, "wb", opener=_open) as file:
                try:
                    self._write(file, state)
                except BaseException:
                    os.unlink(aside)  # on a full disk, half a file would keep it full
                    raise
        except OSError as error:
            raise StateError(f"{aside} cannot be written: {error.strerror}") from None

    def _write(self, aside: BinaryIO, state: State) -> None:
        aside.writelines(encode(state, Moment.now()))
        aside.flush()
        os.fsync(aside.fileno())
        self._check_kind()
        os.replace(aside.name, self.path)

    def _check_kind(self) -> None:
        """Raise StateError rather than rename or replace a directory, a device, a link."""
        if os.path.lexists(self.path) and not stat.S_ISREG(os.lstat(self.path).st_mode):
            raise StateError(f"{self.path} is not a regular file, so it is left alone")


def _open(path: str, flags: int) -> int:
    """Open without waiting and without following, whatever somebody has put in the file's place."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW, 0o600)
