"""Results: what a run has found, told as it comes and written at the end."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmark.chart import Bar, Group, chart
from tests.benchmark.contestant import OURS
from tests.benchmark.figures import Figures, Race, figures
from tests.benchmark.table import duration, times

HEADING = "Processor time an answer, each scenario on a scale of its own"


@dataclass
class Results:
    """All of it."""

    facts: Mapping[str, Any]
    """The machine, the contestants, the date, the command."""
    races: list[Race] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    """Of the runs that are no races, by name; for JSON."""
    told: list[str] = field(default_factory=list)
    """All that was told, in Markdown."""

    def opening(self) -> str:
        """Tell in Markdown what was measured, when, and on what machine."""
        rows = [*self.facts["contestants"].items()]
        rows += [(name, f"absent: {reason}") for name, reason in self.facts["absent"].items()]
        machine = (f"{name}: {value}" for name, value in self.facts["machine"].items())
        return "\n".join(
            [
                "# Benchmark",
                "",
                f"`{self.facts['command']}`, {self.facts['date']}; {'; '.join(machine)}.",
                "",
                "| contestant | made of |\n|--|--|",
                *(f"| {name} | {made_of} |" for name, made_of in rows),
            ]
        )

    def write(self, folder: Path) -> None:
        """Write Markdown, JSON and the chart into a folder, which is made. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmark.md").write_text("\n\n".join(self.told) + "\n")
        (folder / "benchmark.json").write_text(json.dumps(self._data(), indent=1) + "\n")
        groups = [_group(race) for race in self.races]
        (folder / "benchmark.svg").write_text(chart(HEADING, groups))

    def _data(self) -> dict[str, Any]:
        races = [
            asdict(race) | {"figures": [asdict(each) for each in figures(race)]}
            for race in self.races
        ]
        return {**self.facts, "races": races, **self.others}


def _group(race: Race) -> Group:
    bars = [
        Bar(each.contestant, each.cpu, _label(each), each.contestant == OURS)
        for each in figures(race)
    ]
    return Group(race.scenario.title.replace("`", ""), bars)


def _label(each: Figures) -> str:
    taken = duration(each.cpu)
    return f"{taken}, {times(each.to_nginx)} × nginx" if each.to_nginx else taken
