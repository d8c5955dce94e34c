"""All contestants, and which of them can take part on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmark import peers
from tests.benchmark.contestant import NGINX, AbsentError, Contestant
from tests.benchmark.floor import Floor
from tests.benchmark.nginx import Nginx
from tests.benchmark.ours import Ours


@dataclass
class Lineup:
    """Those that take part, and those that do not."""

    present: list[Contestant] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    """Of those present, by name."""
    absent: dict[str, str] = field(default_factory=dict)
    """Why each of the others is absent."""


def contestants(python: str) -> list[Contestant]:
    """Make all of them; `python` is the interpreter that the peers need.

    Ours is the first, since the floor sends what the first one answers.
    """
    return [
        Ours(),
        *(Nginx(name) for name in NGINX),
        Floor(),
        peers.uvicorn(python),
        peers.granian(python),
    ]


def look(candidates: Sequence[Contestant]) -> Lineup:
    """Find out who can take part."""
    found = Lineup()
    for contestant in candidates:
        try:
            found.versions[contestant.name] = contestant.version()
        except AbsentError as error:
            found.absent[contestant.name] = str(error)
        else:
            found.present.append(contestant)
    return found
