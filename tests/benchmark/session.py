"""Sessions: what is run by one command, told as it comes, and kept."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from tests.benchmark import memory, updates
from tests.benchmark.contestant import Contestant
from tests.benchmark.race import FAILURES, Plan, Tell, race
from tests.benchmark.results import Results
from tests.benchmark.scenario import Scenario
from tests.benchmark.table import table


class Session:
    """What the runs of one command share. Each tells whether all went well."""

    def __init__(
        self, plan: Plan, contestants: Sequence[Contestant], results: Results, say: Tell
    ) -> None:
        """Have contestants play by a plan; what is found is kept and said."""
        self._plan = plan
        self._contestants = contestants
        self._results = results
        self._say = say

    def play(self, name: str, run: Callable[[], bool]) -> bool:
        """Do a run; one that fails is told, and the next can follow."""
        try:
            return run()
        except (*FAILURES, RuntimeError) as error:
            self.tell(f"The run {name} has failed: {error}")
            return False

    def race(self, scenario: Scenario) -> bool:
        """Have all contestants play a scenario."""
        found = race(scenario, self._contestants, self._plan, progress)
        self._results.races.append(found)
        self.tell(table(found))
        return not found.failed

    def updates(self) -> bool:
        """Measure what arriving snapshots cost."""
        found = updates.run(self._plan, progress)
        self._results.others["updates"] = asdict(found)
        self.tell(updates.table(found))
        return not found.faults()

    def memory(self) -> bool:
        """Look at our server's memory."""
        progress("memory")
        found = memory.measure()
        self._results.others["memory"] = asdict(found)
        self.tell(memory.table(found))
        return True

    def tell(self, text: str) -> None:
        """Tell a part of the results, in Markdown."""
        progress("")
        self._say(text + "\n")
        self._results.told.append(text)


def progress(text: str) -> None:
    """Say on a terminal what is under way, in place of what was."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
