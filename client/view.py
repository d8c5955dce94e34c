"""The view of a client's status: for a person, and as metrics. Pure."""

from typing import Any

from shared import quantity, view
from shared.metrics import Labels, Metric, gauge
from shared.terminal import Mood, Paint, aligned
from shared.view import Status, View

# Narrow ones: with the demo, all fits into 80 columns. Failures are those in a row.
HEADINGS = ("endpoint", "period", "success", "age", "items", "failed", "next", "last error")


def text(status: Status, paint: Paint, wall: float) -> list[str]:
    """Show it as lines; `wall` is the present moment, in seconds since the epoch."""
    endpoints = status["endpoints"]
    heading, *lines = aligned([HEADINGS, *(_endpoint(each, wall) for each in endpoints)])
    rows = [
        ("snapshot", *_pushed(status["pushed"])),
        ("servers", quantity.count(status["servers"]), Mood.PLAIN),
        ("state", *_state(status["state"])),
        *view.log_rows(status),
    ]
    return [
        view.headline(status, labels(status), paint),
        "",
        *view.facts(rows, paint),
        "",
        paint.line(heading, Mood.HEADING),
        *(paint.line(line, _mood(each)) for line, each in zip(lines, endpoints, strict=True)),
    ]


def _endpoint(endpoint: Any, wall: float) -> tuple[str, ...]:
    """Tell an endpoint's row."""
    success, age, items = endpoint["last_success"], endpoint["age"], endpoint["items"]
    return (
        endpoint["endpoint"],
        quantity.duration(endpoint["period"]),
        "never" if success is None else quantity.moment(success, wall),
        "" if age is None else quantity.duration(age),
        "" if items is None else quantity.count(items),
        quantity.count(endpoint["failures_in_a_row"]),
        "now" if endpoint["next_poll"] is None else quantity.duration(endpoint["next_poll"]),
        _last_error(endpoint),
    )


def _last_error(endpoint: Any) -> str:
    if endpoint["last_error"] is None:
        return "none"
    return f"{quantity.duration(endpoint['last_error_age'])} ago: {endpoint['last_error']}"


def _mood(endpoint: Any) -> Mood:
    return Mood.BAD if endpoint["failures_in_a_row"] else Mood.PLAIN


def _pushed(pushed: Any) -> tuple[str, Mood]:
    if not pushed:
        return "none pushed yet", Mood.BAD
    since = quantity.duration(pushed["seconds"])
    return f"{view.snapshot_text(pushed['snapshot'])}; pushed {since} ago", Mood.PLAIN


def _state(state: Any) -> tuple[str, Mood]:
    if not state:
        return "no file: a restart forgets everything", Mood.PLAIN
    if not state["reason"]:
        return "saved", Mood.PLAIN
    return f"not saved for {quantity.duration(state['seconds'])}: {state['reason']}", Mood.BAD


def labels(status: Status) -> Labels:
    """Tell what no two clients of a host share."""
    return {"socket": status["socket"]}


def metrics(status: Status) -> list[Metric]:
    """Show it as metrics."""
    pushed = status["pushed"]
    since = pushed and pushed["seconds"]
    is_saved = status["state"] and int(not status["state"]["reason"])
    return [
        *view.program_metrics(status),
        gauge("gateway_client_servers", "Servers that are connected.", status["servers"]),
        gauge("gateway_client_pushed_seconds", "Time since the last new snapshot.", since),
        gauge("gateway_client_state_saved", "Whether a restart would forget nothing.", is_saved),
        *view.snapshot_metrics("gateway_client", pushed and pushed["snapshot"]),
        *(
            Metric(f"gateway_client_endpoint_{name}", kind, said, _samples(status, figure))
            for name, kind, said, figure in _ENDPOINT_METRICS
        ),
    ]


_ENDPOINT_METRICS = (
    ("period_seconds", "gauge", "Time between two polls.", "period"),
    ("polls_total", "counter", "Polls that have ended.", "polls"),
    ("failures_total", "counter", "Polls that failed.", "failures"),
    ("failures_in_a_row", "gauge", "Polls failed since the last success.", "failures_in_a_row"),
    ("last_success_seconds", "gauge", "When it last answered well.", "last_success"),
    ("age_seconds", "gauge", "Time since then.", "age"),
    ("items", "gauge", "Strings in its last good answer.", "items"),
    ("next_poll_seconds", "gauge", "Time until the next poll, if none goes on.", "next_poll"),
)
"""Name, kind and help of each, and the figure that it is."""


def _samples(status: Status, figure: str) -> list[tuple[Labels, float]]:
    """Tell a figure of each endpoint that has it.

    By number, too, for two endpoints may differ in nothing but a secret.
    """
    return [
        ({"number": str(number), "endpoint": endpoint["endpoint"]}, endpoint[figure])
        for number, endpoint in enumerate(status["endpoints"], 1)
        if endpoint[figure] is not None
    ]


VIEW = View(text, metrics, labels)
