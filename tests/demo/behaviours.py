"""How an endpoint answers when nothing is wrong with it: functions that make behaviours."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from tests.demo.exchange import Behaviour, Exchange, Request

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Render a response head as the brief shows it, `Connection: close` being its last field."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def body(data: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with these bytes, called JSON unless the headers say otherwise."""
    length = {"Content-Length": str(len(data))}
    answer = head(status, JSON | length | dict(headers or {})) + data
    return lambda exchange: exchange.send(answer)


def text(message: str, status: int, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with a line for people to read."""
    return body(f"{message}\n".encode(), status, TEXT | dict(headers or {}))


def array(strings: Sequence[str]) -> Behaviour:
    """Answer with a JSON array in the form of the brief's example."""
    return body(rendered(strings))


def with_validators(
    strings: Sequence[str],
    etag: str | None = None,
    last_modified: str | None = None,
    date: str | None = None,
) -> Behaviour:
    """Answer as `array` does, offer the validators given, and answer 304 to who sends one back."""
    offered = {"ETag": etag, "Last-Modified": last_modified, "Date": date}
    validators = {name: value for name, value in offered.items() if value is not None}
    changed = body(rendered(strings), headers=validators)
    unchanged = head(304, validators)

    def behave(exchange: Exchange) -> None:
        if _is_current(exchange.request, etag, last_modified):
            exchange.send(unchanged)
        else:
            changed(exchange)

    return behave


def raw(*lines: bytes, data: bytes = b"") -> Behaviour:
    """Answer with these lines for a head, whatever they are, and with the data behind it."""
    answer = b"\r\n".join([*lines, b"", data])
    return lambda exchange: exchange.send(answer)


def redirect(location: str, status: int = 302) -> Behaviour:
    """Answer that the data is elsewhere."""
    return text(f"see {location}", status, {"Location": location})


def rendered(strings: Sequence[str]) -> bytes:
    """Render an array in the form of the brief's example."""
    return json.dumps(strings, ensure_ascii=False, separators=(",", ":")).encode()


def _is_current(request: Request, etag: str | None, last_modified: str | None) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:  # then If-Modified-Since is ignored: RFC 9110, section 13.1.3
        return etag is not None and etag in (tag.strip() for tag in tags.split(","))
    since = request.headers.get("if-modified-since")
    return since is not None and since == last_modified
