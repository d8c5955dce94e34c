"""Outcomes: what became of a client's request, in a word. Pure.

Everything that was not promised has a word of its own, so that a tally tells what went wrong.
"""

import json

SERVED = "200"
"""The whole answer has come. Whether the connection is kept shows when it asks again."""
REFUSED = "503"
"""The whole refusal has come, as it was promised, and then the end of the connection."""
RESET = "reset"
HANGING = "no answer in time"


def outcome(data: bytes, ended: bool) -> str | None:
    """Tell what became of a request for the data; None while there is more to come.

    `data` is what the server has sent, `ended` whether it has closed the connection.
    """
    head, separator, body = data.partition(b"\r\n\r\n")
    fields = _fields(head)
    missing = int(fields.get("content-length", "0")) - len(body) if separator else 1
    if missing > 0:
        return f"cut short after {len(data)} bytes" if ended else None
    if missing < 0:
        return "more than an answer"
    status = head[9:12].decode()
    if status == REFUSED:
        return _refusal(fields, body) if ended else None
    return status


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    named = (line.partition(": ") for line in lines)
    return {name.lower(): value for name, _, value in named}


def _refusal(fields: dict[str, str], body: bytes) -> str:
    """Check that a refusal says what it must."""
    is_problem = fields.get("content-type") == "application/problem+json"
    if not is_problem or "clients is reached" not in json.loads(body)["detail"]:
        return "a 503 that does not name the limit"
    if "retry-after" not in fields or fields.get("connection") != "close":
        return "a 503 without Retry-After or Connection: close"
    return REFUSED
