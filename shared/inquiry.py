"""Inquiries: what a person, or a health check, asks a program that runs.

Each program listens on a Unix socket in Linux's abstract namespace, unix(7): it needs no file, so a
read-only root does; it is seen in its network namespace only, so not from another container; and it
is gone with the program. A question is a word and a line feed, the answer all until the end.

A health check comes every few seconds, so this module imports little, and no asyncio.
"""

import os
import socket
import struct
import time

PREFIX = "quasi-cache-gateway"
DEADLINE = 2.0  # seconds for an answer, which takes a turn of the program's loop

LONGEST_ANSWER = 64 * 1024 * 1024  # bytes; one of 100,000 endpoints has half of it

STATUS = "status"
"""The question for all figures; the answer is a JSON object."""
HEALTH = "health"
"""The question whether all is well; the answer is OK, or what is wrong."""
LIVE = "live"
"""The question whether the program's loop turns; the answer is OK."""

OK = "ok"

UNANSWERED = "it does not answer this user, or not this question"

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_ROOT = 0


class InquiryError(Exception):
    """No answer; the text says why."""


class NotRunningError(InquiryError):
    """Nobody listens there."""


def address(program: str, place: str) -> str:
    """Tell where a program listens for inquiries.

    `place` is what no two running programs of its kind share, within 80 bytes.
    """
    return f"\0{PREFIX}/{program}/{place}"


def places(program: str) -> list[str]:
    """Tell the places of the programs of a kind that run in this network namespace."""
    # unix(7): a NUL in an abstract name reads "@"; the name is the last field.
    shown = f" @{PREFIX}/{program}/"
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
        found = {line.rstrip("\n").partition(shown)[2] for line in table if shown in line}
    return sorted(found)


def is_trusted(connection: socket.socket) -> bool:
    """Tell whether it is the same user, or root, who has the other end of a Unix connection."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(credentials)[1] in (_ROOT, os.geteuid())


def ask(where: str, question: str, deadline: float = DEADLINE) -> str:
    """Ask a program, and tell its answer, within `deadline` seconds. Raises InquiryError."""
    until = time.monotonic() + deadline
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(deadline)
            connection.connect(where)
            # An abstract name is anybody's to take.
            if os.geteuid() != _ROOT and not is_trusted(connection):
                raise InquiryError("what answers there belongs to another user")
            connection.sendall(f"{question}\n".encode())
            return _read(connection, until)
    except TimeoutError:
        raise InquiryError(f"it gives no answer within {deadline:g} s") from None
    except (ConnectionResetError, BrokenPipeError):
        raise InquiryError(UNANSWERED) from None
    except ConnectionRefusedError:
        raise NotRunningError("it does not run here") from None
    except OSError as error:
        raise InquiryError(error.strerror or str(error)) from None


def _read(connection: socket.socket, until: float) -> str:
    pieces, size = [], 0
    while piece := connection.recv(64 * 1024):
        pieces.append(piece)
        size += len(piece)
        if size > LONGEST_ANSWER:
            raise InquiryError(f"its answer has more than {LONGEST_ANSWER} bytes")
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
    if not pieces:
        raise InquiryError(UNANSWERED)
    return b"".join(pieces).decode(errors="replace")
