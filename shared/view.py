"""The view of a program's status, the parts that both have: for a person, and as metrics. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from shared import quantity
from shared.inquiry import OK
from shared.metrics import Labels, Metric, counter, gauge
from shared.terminal import Mood, Paint, aligned
from shared.text import shown

Status = Mapping[str, Any]
"""What a program answers: a JSON object, see `client.status` and `server.status`."""

Row = tuple[str, str, Mood]
"""A label, what there is to say, and how it is meant."""


class View(NamedTuple):
    """How a program's figures are shown."""

    text: Callable[[Status, Paint, float], list[str]]
    """As lines for a person; the float is the present moment, in seconds since the epoch."""
    metrics: Callable[[Status], list[Metric]]
    labels: Callable[[Status], Labels]
    """What tells it from the others of its kind on a host."""


def headline(status: Status, labels: Labels, paint: Paint) -> str:
    """Tell in a line what runs where, how long, and whether all is well."""
    program = status["program"]
    health, where = program["health"], shown(", ".join(labels.values()), 200)
    verdict = paint("healthy", Mood.GOOD) if health == OK else paint(health, Mood.BAD)
    up = quantity.duration(program["uptime"])
    return f"{program['program']} {program['version']} at {where}, up {up}: {verdict}"


def facts(rows: Sequence[Row], paint: Paint) -> list[str]:
    """Show rows as two columns."""
    lines = aligned([(label, said) for label, said, _ in rows])
    return [paint.line(line, mood) for line, (_, _, mood) in zip(lines, rows, strict=True)]


def log_rows(status: Status) -> list[Row]:
    """Return the row on the log, where there is something to say of it."""
    lines = status["program"]["log_lines_dropped"]
    said = f"{quantity.counted(lines, 'line')} dropped: standard error did not take them in time"
    return [("log", said, Mood.BAD)] if lines else []


def snapshot_text(snapshot: Any) -> str:
    """Tell what a snapshot is."""
    return (
        f"{quantity.counted(snapshot['items'], 'item')}, "
        f"{quantity.counted(snapshot['bytes'], 'byte')}, "
        f"{quantity.count(snapshot['gzip_bytes'])} in gzip, "
        f"{quantity.duration(snapshot['age'])} old"
    )


def program_metrics(status: Status) -> list[Metric]:
    """Tell the metrics of what every status begins with."""
    program = status["program"]
    prefix = f"gateway_{program['program']}"
    version: list[tuple[Labels, float]] = [({"version": program["version"]}, 1)]
    return [
        Metric(f"{prefix}_info", "gauge", "Which version runs.", version),
        gauge(f"{prefix}_healthy", "Whether all is well.", int(program["health"] == OK)),
        gauge(f"{prefix}_start_time_seconds", "When it started.", program["started"]),
        gauge(f"{prefix}_uptime_seconds", "How long it has run.", program["uptime"]),
        counter(
            f"{prefix}_log_lines_dropped_total",
            "Log lines dropped, as standard error did not take them in time.",
            program["log_lines_dropped"],
        ),
    ]


def snapshot_metrics(prefix: str, snapshot: Any) -> list[Metric]:
    """Tell the metrics of a snapshot; none where there is none."""
    if not snapshot:
        return []
    sizes: list[tuple[Labels, float]] = [
        ({"coding": "identity"}, snapshot["bytes"]),
        ({"coding": "gzip"}, snapshot["gzip_bytes"]),
    ]
    return [
        gauge(f"{prefix}_snapshot_items", "Strings in the snapshot.", snapshot["items"]),
        Metric(f"{prefix}_snapshot_bytes", "gauge", "Its size in each content coding.", sizes),
        gauge(
            f"{prefix}_snapshot_age_seconds",
            "Time since the last success of the endpoint that is longest without one.",
            snapshot["age"],
        ),
        gauge(
            f"{prefix}_snapshot_last_modified_seconds",
            "When the data changed last.",
            snapshot["last_modified"],
        ),
    ]
