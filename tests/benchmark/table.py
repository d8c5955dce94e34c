"""Tables: figures as Markdown. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.benchmark.figures import Figures, Race, Ratio, figures

Column = tuple[str, Callable[[Figures], str]]

NONE = "–"
_KINDS = {"status": "status ≥ 400"}  # wrk's names for what it counts, where they say too little

_ANSWERS: tuple[Column, ...] = (
    ("", lambda each: each.contestant),
    ("answers/s", lambda each: f"{each.rate:,.0f}"),
)
_BYTES: tuple[Column, ...] = (("MB/s", lambda each: f"{each.throughput / 1e6:,.0f}"),)
_OTHERS: tuple[Column, ...] = (
    ("p50", lambda each: duration(each.p50)),
    ("p99", lambda each: duration(each.p99)),
    ("CPU an answer", lambda each: duration(each.cpu)),
    ("CPU × nginx", lambda each: times(each.to_nginx)),
    ("CPU × floor", lambda each: times(each.to_floor)),
    ("resident", lambda each: megabytes(each.resident)),
    ("errors", lambda each: counts(each.errors)),
)
_BEYOND: tuple[Column, ...] = (
    ("beyond the limit: answers/s", lambda each: f"{each.beyond_rate:,.0f}"),
    ("which were", lambda each: counts(each.beyond)),
)


def table(race: Race) -> str:
    """Render what became of a scenario."""
    scenario = race.scenario
    columns = [
        *_ANSWERS,
        *(_BYTES if scenario.weighs else ()),
        *_OTHERS,
        *(_BEYOND if scenario.beyond else ()),
    ]
    lines = grid(
        [name for name, _ in columns],
        ([render(each) for _, render in columns] for each in figures(race)),
    )
    failures = [f"\n{name} has failed: {how}" for name, how in race.failed.items()]
    return "\n".join([f"### {scenario.title}", "", lines, *failures])


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render a table whose first column is of names, the others of figures."""
    rule = "|--" + "|--:" * (len(heads) - 1) + "|"
    head, *lines = ("| " + " | ".join(row) + " |" for row in (heads, *rows))
    return "\n".join([head, rule, *lines])


def duration(microseconds: float) -> str:
    """Render a duration in the unit that suits it, to three digits."""
    value, unit = (microseconds, "µs") if microseconds < 1000 else (microseconds / 1000, "ms")
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f} {unit}"


def megabytes(size: float) -> str:
    """Render a number of bytes."""
    return f"{size / 1e6:,.1f} MB"


def times(ratio: Ratio | None) -> str:
    """Render how many times another's processor time it is."""
    return NONE if ratio is None else f"{ratio.cpu:.2f}"


def counts(counted: Mapping[str, int]) -> str:
    """Render how often each thing was counted."""
    named = ((_KINDS.get(name, name), count) for name, count in counted.items())
    return ", ".join(f"{count:,} × {name}" for name, count in named) or "none"
