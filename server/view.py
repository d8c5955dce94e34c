"""The view of a server's status: for a person, and as metrics. Pure."""

from typing import Any

from server.address import place_of
from shared import quantity, view
from shared.metrics import Labels, Metric, counter, gauge
from shared.terminal import Mood, Paint
from shared.view import Status, View


def text(status: Status, paint: Paint, _: float) -> list[str]:
    """Show it as lines."""
    answers = status["answers"]
    rows = [
        ("clients", *_clients(status["clients"])),
        ("requests", quantity.count(answers["requests"]), Mood.PLAIN),
        ("refused", quantity.count(answers["refused"]), Mood.PLAIN),
        ("errors", _errors(answers["errors"]), Mood.PLAIN),
        ("cut", quantity.count(answers["cut"]), Mood.PLAIN),
        ("snapshot", *_snapshot(status["snapshot"])),
        ("client", *_link(status["link"])),
        *view.log_rows(status),
    ]
    return [view.headline(status, labels(status), paint), "", *view.facts(rows, paint)]


def _clients(clients: Any) -> tuple[str, Mood]:
    said = (
        f"{quantity.count(clients['now'])} of {quantity.count(clients['limit'])}, "
        f"at most {quantity.count(clients['most'])} so far; "
        f"{quantity.counted(clients['connections'], 'connection')}"
    )
    return said, Mood.BAD if clients["now"] >= clients["limit"] else Mood.PLAIN


def _errors(errors: dict[str, int]) -> str:
    by_status = ", ".join(f"{quantity.count(n)} × {status}" for status, n in sorted(errors.items()))
    return by_status or "0"


def _snapshot(snapshot: Any) -> tuple[str, Mood]:
    return (view.snapshot_text(snapshot), Mood.PLAIN) if snapshot else ("none yet", Mood.BAD)


def _link(link: Any) -> tuple[str, Mood]:
    since = quantity.duration(link["seconds"])
    if link["connected"]:
        return f"connected for {since}", Mood.PLAIN
    return f"not connected for {since}: {link['reason']}", Mood.BAD


def labels(status: Status) -> Labels:
    """Tell what no two servers of a host share."""
    return {"address": place_of((status["host"], status["port"]))}


def metrics(status: Status) -> list[Metric]:
    """Show it as metrics."""
    clients, answers, link = status["clients"], status["answers"], status["link"]
    name = "gateway_server_{}".format
    errors: list[tuple[Labels, float]] = [({"status": s}, n) for s, n in answers["errors"].items()]
    return [
        *view.program_metrics(status),
        gauge(name("clients"), "Clients that hold a slot.", clients["now"]),
        gauge(name("clients_most"), "The most at a time since the start.", clients["most"]),
        gauge(name("clients_limit"), "The limit of clients.", clients["limit"]),
        gauge(name("connections"), "Open connections, strangers' too.", clients["connections"]),
        counter(name("requests_total"), "Requests answered.", answers["requests"]),
        counter(name("refused_total"), "Clients refused for the limit.", answers["refused"]),
        counter(name("cut_total"), "Connections that were too slow.", answers["cut"]),
        Metric(name("errors_total"), "counter", "Requests answered with an error.", errors),
        gauge(name("connected"), "Whether the client is connected.", int(link["connected"])),
        gauge(name("connected_seconds"), "Time since that changed.", link["seconds"]),
        *view.snapshot_metrics("gateway_server", status["snapshot"]),
    ]


VIEW = View(text, metrics, labels)
