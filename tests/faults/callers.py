"""Constant load: callers who read each answer and hold it against the model."""

import gzip
import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from tests.faults.endpoints import Record
from tests.faults.model import Versions, WrongAnswerError, check, newest

PAUSE = 0.004  # seconds between two requests of a caller; the load must leave room for the rest
PATIENCE = 5.0  # seconds for an answer
MOST_TOLD = 20  # complaints

Judge = Callable[[list[str]], Versions]
"""Tells of which versions an answer is the merge. Raises WrongAnswerError."""


class Server:
    """A server at a port of its own, as its callers know it."""

    def __init__(self, name: str, port: int) -> None:
        """Name it; it does not run yet."""
        self.name, self.port = name, port
        self.life = 0
        """How many times it has been started."""
        self.runs = False
        self.has_served = False
        """Whether it has had data in its present life."""

    def begin(self, has_served: bool = False) -> None:
        """Take note that it has been started."""
        self.life, self.has_served, self.runs = self.life + 1, has_served, True

    def end(self) -> None:
        """Take note that it is about to be killed."""
        self.runs = False


class Callers:
    """Callers of several servers, and what they have seen."""

    def __init__(
        self, servers: Sequence[Server], judge: Judge, endpoints: int, may_go_back: bool = False
    ) -> None:
        """Call these, two callers each.

        What a client could not save it forgets with its end; then, answers `may_go_back`.
        """
        self._judge = judge
        self._may_go_back = may_go_back
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.floors: dict[str, Versions] = {server.name: (0,) * endpoints for server in servers}
        """The newest that each server has served, in whatever life."""
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._threads = [
            threading.Thread(target=self._call, args=(server, keeps_alive), name="caller")
            for server in servers
            for keeps_alive in (True, False)
        ]

    @property
    def answers(self) -> int:
        """How many answers there were."""
        return self.counts["answers"]

    def have(self, versions: Versions, names: Iterable[str] | None = None) -> bool:
        """Tell whether the servers of these names, or all, have served these versions, or newer."""
        floors = [self.floors[name] for name in names or list(self.floors)]
        return all(newest(floor, versions) == floor for floor in floors)

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for the answers under way."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _call(self, server: Server, keeps_alive: bool) -> None:
        caller, life = _Caller(server.port, keeps_alive), server.life
        while not self._stopped.wait(PAUSE):
            if server.life != life:  # a connection does not outlive its server
                caller.close()
                life = server.life
            if server.runs:
                self._ask(server, caller)
        caller.close()

    def _ask(self, server: Server, caller: "_Caller") -> None:
        life, has_served, floor = server.life, server.has_served, self.floors[server.name]
        try:
            status, strings = caller.ask()
        except (OSError, http.client.HTTPException, ValueError) as error:
            status, strings, failure = 0, [], repr(error)
        else:
            failure = f"status {status}"
        with self._lock:
            lives = server.runs and server.life == life
            if status == 200:
                server.has_served = server.has_served or lives
                self._take(server, strings, floor)
            elif lives and has_served:
                self._complain(f"{server.name} did not answer: {failure}")
            else:
                self.counts["not answered by who was killed, or had no data yet"] += 1

    def _take(self, server: Server, strings: list[str], floor: Versions) -> None:
        self.counts["answers"] += 1
        try:
            versions = self._judge(strings)
            if not self._may_go_back:
                check_floor(versions, floor)
        except WrongAnswerError as error:
            self._complain(f"{server.name} answered wrongly: {error}")
        else:
            before = versions if self._may_go_back else self.floors[server.name]
            self.floors[server.name] = newest(before, versions)

    def _complain(self, text: str) -> None:
        self.counts["wrong"] += 1
        if len(self.complaints) < MOST_TOLD:
            self.complaints.append(text)


def check_floor(versions: Versions, floor: Versions) -> None:
    """Raise WrongAnswerError where anything is older than what was served before."""
    if any(version < least for version, least in zip(versions, floor, strict=True)):
        raise WrongAnswerError(f"it is of the versions {versions}, after {floor} were served")


def judge_by(record: Record) -> Judge:
    """Make a judge that knows what the endpoints have sent."""
    lock, nothing = threading.Lock(), (0,) * len(record.sent)

    def judge(strings: list[str]) -> Versions:
        with lock:
            return check(strings, record.update().sent, nothing)

    return judge


@contextmanager
def calling(
    servers: Sequence[Server], judge: Judge, endpoints: int, may_go_back: bool = False
) -> Iterator[Callers]:
    """Have callers call for as long as the context lasts."""
    callers = Callers(servers, judge, endpoints, may_go_back)
    callers.start()
    try:
        yield callers
    finally:
        callers.stop()


class _Caller:
    """A connection to a server: kept, or a new one for each request, which then asks for gzip."""

    def __init__(self, port: int, keeps_alive: bool) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._fields = {} if keeps_alive else {"Connection": "close", "Accept-Encoding": "gzip"}

    def ask(self) -> tuple[int, list[str]]:
        """Tell the status, and the array where it is 200. Raises what http.client raises."""
        try:
            self._connection.request("GET", "/", headers=self._fields)
            response = self._connection.getresponse()
            body = response.read()
        except BaseException:
            self.close()
            raise
        if response.status != 200:
            return response.status, []
        if response.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return 200, json.loads(body)

    def close(self) -> None:
        self._connection.close()
