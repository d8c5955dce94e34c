"""Metrics, in the text format of Prometheus, version 0.0.4. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True)
class Metric:
    """A metric with its samples: a value for each set of labels."""

    name: str
    kind: str
    """`counter`, whose name ends in `_total`, or `gauge`."""
    help: str
    """On one line."""
    samples: list[tuple[Labels, float]]


def gauge(name: str, said: str, value: float | None) -> Metric:
    """Make a gauge of one value; of none, where it is None."""
    return Metric(name, "gauge", said, [] if value is None else [({}, value)])


def counter(name: str, said: str, value: float) -> Metric:
    """Make a counter of one value."""
    return Metric(name, "counter", said, [({}, value)])


def exposition(metrics: Iterable[Metric], common: Labels) -> str:
    """Render metrics, whose samples all have the common labels too; not those without samples."""
    lines = []
    for metric in metrics:
        if metric.samples:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [
            f"{metric.name}{_labels({**common, **labels})} {value!r}"
            for labels, value in metric.samples
        ]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}" if labels else ""
