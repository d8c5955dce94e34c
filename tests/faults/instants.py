"""Kills at any instant: a process that writes the state file is ended at each step, one by one.

`python3 -m tests.faults.instants WAY ITEMS STRIDE` does so in a process that has one thread and
may therefore fork, and tells what became of the file, as JSON.
"""

import ctypes
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from client.endpoint import parse_endpoint
from client.fetch import Validators
from client.render import Edition
from client.results import Result
from client.state import State, StateError, StateFile
from shared import boot_clock

Act = Callable[[], object]
Way = Callable[[int, Act], bool]
"""Has a process act, and kills it at a step of its; tells whether it came to its end before."""

ENDPOINTS = (parse_endpoint("15=http://one.example/"), parse_endpoint("30=http://two.example/"))
NAME = "state.json"
AGE_ERROR = 60.0  # seconds by which a loaded age may be off on a slow machine

# ptrace(2), linux/ptrace.h
_TRACEME, _SYSCALL, _SETOPTIONS, _EXITKILL = 0, 24, 0x4200, 1 << 20
_REFUSED = 77  # exit status of a process that must not be traced here


class RefusedError(Exception):
    """The system does not let a process be killed in this way; the text says why."""


@dataclass(frozen=True)
class Survey:
    """What became of a file whose writer was killed again and again."""

    old: int = 0
    """Kills after which the file was whole, and the one from before."""
    new: int = 0
    """Kills after which it was whole, and the new one."""
    beside: int = 0
    """Kills that left a half-written file under the other name."""
    wrong: tuple[str, ...] = ()
    """What must not be, a line for each."""
    refused: str = ""
    """Why there were no kills."""

    @property
    def kills(self) -> int:
        """How often its writer was killed."""
        return self.old + self.new


def surveyed(way: str, items: int, stride: int = 1) -> Survey:
    """Survey in a process of its own, with states of so many items, killed at every so many."""
    command = [sys.executable, "-m", __name__, way, str(items), str(stride)]
    root = Path(__file__).parent.parent.parent
    ended = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True)
    found = json.loads(ended.stdout)
    return Survey(**found | {"wrong": tuple(found["wrong"])})


def survey(folder: Path, way: Way, items: int, stride: int) -> Survey:
    """Kill the writer of a file in a folder at each step, until one comes to its end."""
    file = StateFile(folder / NAME)
    old, new = (state(letter, items) for letter in "on")
    counts, wrong = Counter[str](), list[str]()
    for step in itertools.count(1, stride):
        try:
            file.save(old)  # whatever the kill before has left
            survived = way(step, lambda: file.save(new))
            names = set(os.listdir(folder)) - {NAME}
            found = file.load(ENDPOINTS)
        except StateError as error:
            wrong.append(f"step {step}: {error}")
            break
        which = "old" if same(found, old) else "new" if same(found, new) else ""
        if not which or names - {f"{NAME}.new"} or (survived and (which != "new" or names)):
            wrong.append(f"step {step}: the file is {which or 'neither'}, beside it is {names}")
        if survived:
            break
        counts["beside"] += bool(names)
        if which:
            counts[which] += 1
    return Survey(counts["old"], counts["new"], counts["beside"], tuple(wrong))


def state(letter: str, items: int) -> State:
    """Make a state whose items, of each of two endpoints, begin with a letter."""
    results = {
        endpoint: Result(
            b"".join(b"%b%d%06x" % (letter.encode(), which, number) for number in range(items)),
            boot_clock.now() - 10 * which,
            Validators(f'"{letter}{which}"', None),
        )
        for which, endpoint in enumerate(ENDPOINTS)
    }
    return State(Edition(letter.encode() * 16, ord(letter)), results)


def same(found: State, wanted: State) -> bool:
    """Tell whether a state that was loaded is the one that was saved."""
    if (found.edition, set(found.results)) != (wanted.edition, set(wanted.results)):
        return False
    pairs = [(result, wanted.results[endpoint]) for endpoint, result in found.results.items()]
    return all(
        (result.items, result.validators) == (saved.items, saved.validators)
        and abs(result.succeeded - saved.succeeded) < AGE_ERROR
        for result, saved in pairs
    )


def at_a_call(step: int, act: Act) -> bool:
    """Kill before or behind the so-many-th call that Python makes, of its own or of C."""

    def prepare() -> None:
        steps = itertools.count(1)

        def profile(_frame: FrameType, _event: str, _argument: object) -> None:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(profile)

    return _survived(os.waitpid(_forked(prepare, act), 0)[1])


def at_a_byte(step: int, act: Act) -> bool:
    """Kill in mid-write, when so many bytes are in the file: RLIMIT_FSIZE, setrlimit(2)."""

    def prepare() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (step, resource.RLIM_INFINITY))

    return _survived(os.waitpid(_forked(prepare, act), 0)[1])


def at_a_system_call(step: int, act: Act) -> bool:
    """Kill before a system call or behind it: at the so-many-th of these moments. ptrace(2).

    Raises RefusedError.
    """
    ptrace = ctypes.CDLL(None).ptrace
    ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)

    def prepare() -> None:
        if ptrace(_TRACEME, 0, None, None):
            os._exit(_REFUSED)
        os.kill(os.getpid(), signal.SIGSTOP)

    pid = _forked(prepare, act)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        raise RefusedError("a process must not be traced here")
    ptrace(_SETOPTIONS, pid, None, _EXITKILL)
    for _ in range(step):
        ptrace(_SYSCALL, pid, None, None)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return _survived(status)
    os.kill(pid, signal.SIGKILL)
    return _survived(os.waitpid(pid, 0)[1])


def _forked(prepare: Act, act: Act) -> int:
    """Fork a process that acts, once prepared, and ends; tell its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        prepare()
        act()
        sys.setprofile(None)
        os._exit(0)
    finally:
        os._exit(1)


def _survived(status: int) -> bool:
    if os.WIFSIGNALED(status):
        return False
    if code := os.waitstatus_to_exitcode(status):
        raise AssertionError(f"the writer failed with {code}")
    return True


WAYS: dict[str, Way] = {
    "call": at_a_call,
    "byte": at_a_byte,
    "system call": at_a_system_call,
}


def main(way: str, items: str, stride: str) -> None:
    """Survey, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = survey(Path(folder), WAYS[way], int(items), int(stride))
        except RefusedError as error:
            found = Survey(refused=str(error))
    sys.stdout.write(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
