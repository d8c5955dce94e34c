"""The connection: one socket of a client, from accept to close.

Nothing blocks and no connection has a timer: the gateway's ticker calls `sweep`.
"""

import fcntl
import logging
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from http import HTTPStatus

from server.answer import Answer
from server.body import Body
from server.pace import Pace
from server.problem import Problem
from server.readiness import READABLE, WRITABLE, Readiness
from server.receiver import Receiver, sole_request
from server.request import Request
from server.service import Service
from shared.logs import event
from shared.snapshot import Payload
from shared.text import shown

log = logging.getLogger("server")

RECEIVE = 16 * 1024  # bytes read at a time; a request head is no longer
IN_A_ROW = 8  # answers that a connection gets before others have their turn
LINGER_SILENCE = 5.0  # seconds without a byte, after which a lingering close ends; as in nginx
LINGER_TIME = 30.0  # seconds that it lasts in all; as in nginx
# Milliseconds after which the kernel gives up a peer that takes nothing of the last answer, which
# it still has when the connection is closed. While it is open, we see to that: the kernel also
# gives up who reads steadily, but more slowly than its probes expect.
KERNEL_PATIENCE = 10_000
# The end of an answer that closes waits for the end of the connection, which follows at once: both
# go in one packet. With two, there were 17 % fewer short connections a second.
MORE = socket.MSG_MORE
_RESET = struct.pack("ii", 1, 0)  # struct linger: close() drops what is queued, and resets

_TIMED_OUT = Problem(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")


class Phase(Enum):
    """Where a connection stands."""

    READING = "reading"
    """A request is expected, or partly here."""
    WRITING = "writing"
    """An answer is not all sent. Nothing is read meanwhile, so a client cannot pile up requests."""
    LINGERING = "lingering"
    """The last answer is sent and our side shut. What still comes is read and dropped, for a socket
    closed with unread input is reset, and a reset can destroy an answer on its way."""
    CLOSED = "closed"


Pieces = tuple[Payload | memoryview, ...]


class Connection:
    """One client's connection."""

    __slots__ = (
        "_answer",
        "_begun",
        "_ended",
        "_idle_timeout",
        "_in_a_row",
        "_pace",
        "_phase",
        "_preferred",
        "_readiness",
        "_receiver",
        "_request",
        "_sent",
        "_service",
        "_since",
        "_socket",
        "_unsent",
        "peer",
    )

    def __init__(
        self,
        accepted: socket.socket,
        peer: str,
        service: Service,
        readiness: Readiness,
        idle_timeout: float,
        ended: Callable[["Connection"], None],
    ) -> None:
        """Take over an accepted, non-blocking socket. Raises OSError where it cannot be watched.

        `ended` is called once, when the connection is closed.
        """
        # For as long as it lives.
        self.peer = peer
        self._socket = accepted
        self._service = service
        self._readiness = readiness
        self._idle_timeout = idle_timeout
        self._ended = ended
        self._phase = Phase.READING
        self._preferred = False
        self._since = time.monotonic()
        """When it was accepted, a request began, or a byte came or went."""
        self._begun = 0.0
        """When the lingering began."""
        self._in_a_row = 0
        """Answers since the readiness called."""

        self._sent = 0
        """Bytes given to the kernel."""

        # For one request.
        self._receiver: Receiver | None = None
        """What has come of requests that are not answered yet; None where that is nothing."""
        self._request: Request | None = None
        self._answer: Answer | None = None
        self._pace: Pace | None = None
        self._unsent: Pieces = ()
        readiness.watch(accepted.fileno(), self)

    def __repr__(self) -> str:
        """Tell what it is about, for the log."""
        return f"<connection {self._socket.fileno()} {self.peer} {self._phase.value}>"

    @property
    def edition(self) -> int:
        """Of the snapshot that it keeps in memory, 0 for none."""
        return self._answer.edition if self._answer else 0

    def ready(self) -> None:
        """Do what the socket allows now. Whatever goes wrong ends this connection and no other."""
        self._in_a_row = 0
        try:
            if self._phase is Phase.READING:
                self._read()
            elif self._phase is Phase.WRITING:
                self._write()
            elif self._phase is Phase.LINGERING:
                self._drop_input()
        except BlockingIOError:  # a false alarm: there is nothing to be had yet
            return
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, OSError):  # a reset: there is nobody to answer any more
            log.debug("connection lost", extra=event(peer=self.peer, reason=str(error)))
        else:  # a fault of ours; left open, the connection would come back for ever
            log.error("connection failed", extra=event(connection=repr(self)), exc_info=error)
        self.close()

    # Reading

    def _read(self) -> None:
        """Read, and answer.

        The way of nearly all requests: the very bytes have been answered since the last tick, and
        then with all the strictness that there is. So it does next to nothing.
        """
        data = self._socket.recv(RECEIVE)
        answer = self._service.answers.known.get(data)
        if answer and not self._receiver and (self._preferred or self._service.limit.admit(self)):
            self._service.counters.requests += 1
            self._begin(answer)
        else:
            self._receive(data)

    def _receive(self, data: bytes) -> None:
        """Read what is not known, be it one whole request or not."""
        if not data:
            self.close()
        elif self._receiver is None and (request := sole_request(data)):
            self._take(request, data)
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        if not self._has_begun and self in self._service.limit:
            self._since = time.monotonic()
        if self._receiver is None:
            self._receiver = Receiver()
        self._receiver.feed(data)
        self._advance()

    @property
    def _has_begun(self) -> bool:
        """Tell whether more is to come of a request, or bytes that nobody will understand."""
        return self._receiver is not None and self._receiver.begun

    def _advance(self) -> None:
        """Answer what has come whole."""
        while self._phase is Phase.READING and self._receiver:
            match self._receiver.next():
                case None:
                    if self._receiver.is_blank:
                        self._receiver = None
                    return
                case Request() as request:
                    self._take(request)
                case Problem() as problem:
                    self._reply(self._service.reject(problem, self._request))
                case Body() as body:
                    assert self._request, "a body belongs to a request"
                    closes = body is Body.TOO_LARGE
                    self._reply(self._service.answer(self._request, closes))

    def _take(self, request: Request, sole: bytes | None = None) -> None:
        """Give the verdict on a request, and the answer unless a body must be read first.

        `sole` are the bytes that came, where they were this request and nothing else.
        """
        self._request = request
        if not self._service.limit.admit(self):
            self._reply(self._service.refuse(request))
        elif not request.has_body:
            self._reply(self._service.answer(request, sole=sole))
        elif request.expects_continue:
            # Its final answer is known already, and whether the body still comes is not.
            self._reply(self._service.answer(request, closes=True))

    # Writing

    def _reply(self, answer: Answer) -> None:
        if log.isEnabledFor(logging.DEBUG):
            self._tell(answer)
        self._begin(answer)

    def _begin(self, answer: Answer) -> None:
        self._in_a_row += 1
        sent = self._send(answer, answer.pieces) if self._in_a_row <= IN_A_ROW else 0
        if sent == answer.size:
            self._answered(answer)
        else:
            self._answer, self._unsent = answer, unsent(answer.pieces, sent)
            self._phase = Phase.WRITING
            self._pace = Pace(self._acknowledged(), time.monotonic(), self._idle_timeout)
            self._readiness.change(self._socket.fileno(), WRITABLE)

    def _write(self) -> None:
        answer = self._answer
        assert answer, "what is sent is an answer"
        self._unsent = unsent(self._unsent, self._send(answer, self._unsent))
        if not self._unsent:
            self._answer = None
            self._in_a_row += 1
            self._phase = Phase.READING
            self._readiness.change(self._socket.fileno(), READABLE)
            self._answered(answer)
            self._advance()

    def _send(self, answer: Answer, pieces: Pieces) -> int:
        """Send of the pieces what the socket takes now; tell how many bytes. Raises OSError."""
        try:
            sent = self._socket.sendmsg(pieces, (), MORE if answer.closes else 0)
        except BlockingIOError:  # it still has what was sent before
            return 0
        self._sent += sent
        return sent

    def _answered(self, answer: Answer) -> None:
        """Go on to the next request, or to the end of the connection."""
        self._request = None
        self._since = time.monotonic()
        if not answer.closes:
            if not self._preferred:
                self._stay()
        elif answer.lingers or self._has_begun:
            self._linger()
        else:  # the client said that nothing follows, so there is nothing to linger for
            self._socket.shutdown(socket.SHUT_WR)  # or a stray byte would have the answer dropped
            self.close()

    def _stay(self) -> None:
        """Come before strangers from now on: whoever is inside shall not feel how many there are.

        Not before the first answer, since most who come only for one end with it.
        """
        self._preferred = True
        self._readiness.prefer(self._socket.fileno())

    # Ending

    def _linger(self) -> None:
        self._service.limit.leave(self)
        self._receiver = None
        self._phase = Phase.LINGERING
        self._begun = self._since
        self._socket.shutdown(socket.SHUT_WR)

    def _drop_input(self) -> None:
        if not self._socket.recv(RECEIVE):
            self.close()
        self._since = time.monotonic()

    def sweep(self, now: float) -> None:
        """End what has taken too long; `now` is the monotonic clock."""
        waited = now - self._since
        match self._phase:
            case Phase.READING if waited > self._idle_timeout:
                self.ready()  # the fault may be ours: what it waits for may have come meanwhile
                if self._phase is Phase.READING and now - self._since > self._idle_timeout:
                    self._time_out()
            case Phase.WRITING:
                assert self._pace, "an answer under way is measured"
                if fault := self._pace.fault(self._acknowledged(), now):
                    self.cut(fault)
            case Phase.LINGERING if waited > LINGER_SILENCE or now - self._begun > LINGER_TIME:
                self.close()

    def _time_out(self) -> None:
        """End a connection that has asked nothing, or not all of it.

        A 408 to one that is just about to ask could be taken for the answer.
        """
        if not self._receiver or not self._receiver.begun:
            self.close()
            return
        self._service.counters.cut += 1
        problem = self._receiver.fit(_TIMED_OUT)
        try:
            self._reply(self._service.reject(problem, self._request))
        except Exception as error:
            self._fail(error)

    def _acknowledged(self) -> int:
        """Tell how many bytes the peer has taken: those sent less those queued, tcp(7)."""
        queued = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return self._sent - int.from_bytes(queued, sys.byteorder)

    def cut(self, reason: str) -> None:
        """End it in the midst of an answer, and drop what the kernel still has of that."""
        log.debug("connection cut", extra=event(peer=self.peer, reason=reason))
        self._service.counters.cut += 1
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def give_way(self) -> bool:
        """End it, unless it holds a slot or is being sent an answer; tell whether it is gone."""
        self.ready()  # if it has asked by now, it is no stranger any more
        if self._phase in (Phase.READING, Phase.LINGERING) and self not in self._service.limit:
            self.close()
        return self._phase is Phase.CLOSED

    def stop(self) -> None:
        """Answer what is under way, and end: at once where that is nothing."""
        if self._phase is Phase.READING:
            self.ready()  # for a request that has just come
        if self._phase is Phase.READING and not self._has_begun:
            self.close()

    def close(self) -> None:
        """End it now. Safe to call again."""
        if self._phase is Phase.CLOSED:
            return
        self._phase = Phase.CLOSED
        self._service.limit.leave(self)
        self._readiness.forget(self._socket.fileno())
        with suppress(OSError):  # what is no TCP has no such time-out, and is closed all the same
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, KERNEL_PATIENCE)
        self._socket.close()
        self._answer, self._unsent = None, ()
        self._ended(self)

    def _tell(self, answer: Answer) -> None:
        asked = f"{self._request.method} {self._request.path}" if self._request else "no request"
        log.debug(
            "answered",
            extra=event(
                peer=self.peer,
                request=shown(asked),
                status=answer.status.value,
                bytes=answer.size,
            ),
        )


def unsent(pieces: Pieces, sent: int) -> Pieces:
    """Tell what is left of the pieces when so many bytes of them are sent. Nothing is copied."""
    for index, piece in enumerate(pieces):
        if sent < len(piece):
            return memoryview(piece)[sent:], *pieces[index + 1 :]
        sent -= len(piece)
    return ()
