"""The floor: a server in C that sends our server's own answer, whatever is asked."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark.contestant import FLOOR, AbsentError, FailedError, Offer, Started
from tests.benchmark.process import Process, free_port

SOURCE = Path(__file__).with_name("floor.c")


class Floor:
    """The floor, as a contestant."""

    name = FLOOR

    def version(self) -> str:
        """Tell which compiler makes it. Raises AbsentError."""
        told = subprocess.run(
            [_compiler(), "--version"], capture_output=True, text=True, check=True
        )
        return f"{told.stdout.splitlines()[0]}, -O2"

    @contextmanager
    def serving(self, offer: Offer) -> Iterator[Started]:
        """Run it. Raises FailedError."""
        if not offer.answer:
            raise FailedError("it sends the first contestant's answer, and there is none")
        with tempfile.TemporaryDirectory(prefix="floor-") as name:
            folder, port = Path(name), free_port()
            answer = folder / "answer"
            answer.write_bytes(offer.answer)
            command = [str(_build(folder)), str(port), str(answer)]
            command += ["close"] if offer.scenario.closes else []
            with Process(command, folder) as process:
                process.wait_for(port)
                yield Started(port, process.pid)


def _compiler() -> str:
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return found
    raise AbsentError("there is no C compiler; Debian has one in the package gcc")


def _build(folder: Path) -> Path:
    """Compile it into the folder. Raises FailedError."""
    program = folder / "floor"
    command = [_compiler(), "-O2", "-o", str(program), str(SOURCE)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise FailedError(f"it does not compile: {built.stderr}")
    return program
