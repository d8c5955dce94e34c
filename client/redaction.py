"""Redaction: user, password and the values of a query stay out of logs, status and state. Pure."""

import functools
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes

from client.url import Url
from shared.text import shown

MIN_SECRET = 4  # characters; shorter ones cannot be told from other text
MAX_CUT = 200  # characters of a secret that a text may show before it is cut

# The seconds, the scheme and the slashes of an endpoint, or of what was meant as one.
_START = re.compile(r"(?:[0-9.]*=)?(?:[a-z][a-z0-9+.-]*:(?=/))?/*", re.IGNORECASE)


def redact(text: str) -> str:
    """Take user, password and the values of the query out of a URL, or of what was meant as one.

    Whatever stands before the last @ may be a password with a slash in it. What stands behind a
    colon and is no port may be one whose @ is missing.
    """
    start = _START.match(text)
    begin = text[: start.end()] if start else ""
    _, at, rest = text[len(begin) :].rpartition("@")
    shown_rest = redact_query(rest) if _has_port_or_none(rest) else "***"
    return f"{begin}***@{shown_rest}" if at else begin + shown_rest


def _has_port_or_none(text: str) -> bool:
    """Tell whether nothing but a port stands behind the colon of a host."""
    authority = re.split("[/?#]", text, maxsplit=1)[0]
    behind_literal = authority.rpartition("]")[2] if authority.startswith("[") else authority
    _, _, port = behind_literal.partition(":")
    return port == "" or (bool(re.fullmatch("[0-9]{1,5}", port)) and int(port) <= 65_535)


def redact_query(text: str) -> str:
    """Take all but the names of its parameters out of a query, and the fragment altogether."""
    head, mark, query = text.partition("#")[0].partition("?")
    return head + mark + "&".join(map(_hidden, query.split("&")))


def _hidden(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if equals:
        return f"{name}=***"
    return "***" if name else ""


def conceal(text: str, urls: Iterable[Url]) -> str:
    """Take the secrets of URLs out of a text, such as what an endpoint repeats of them.

    In any case of letters, and also where the text was cut within one.
    """
    secrets = sorted(set().union(*map(_secrets, urls)), key=len, reverse=True)
    if not secrets:
        return text
    pattern = re.compile("|".join(map(re.escape, secrets)), re.IGNORECASE)
    *cut, last = pattern.sub("***", text).split("…")
    return "…".join([*(_without_beginning(each, secrets) for each in cut), last])


def _without_beginning(text: str, secrets: Iterable[str]) -> str:
    """Take the beginning of a secret from the end of a text."""
    sizes = (
        size
        for secret in secrets
        for size in range(MIN_SECRET, min(len(secret), MAX_CUT))
        if text[-size:].lower() == secret[:size].lower()
    )
    size = max(sizes, default=0)
    return f"{text[:-size]}***" if size else text


@functools.lru_cache(256)
def _secrets(url: Url) -> frozenset[str]:
    """Return user and password, also as they are sent, and the values of the query."""
    user, password = url.credentials
    _, _, query = url.target.partition("?")
    values = [each.partition("=")[2] if "=" in each else each for each in query.split("&")]
    secrets = [user, password, user + b":" + password]
    secrets += [unquote_to_bytes(each) for each in values]
    secrets += [unquote_to_bytes(each.replace("+", " ")) for each in values]
    found = {(url.authorization or "").removeprefix("Basic "), *values}
    found = found.union(*map(_forms, secrets))
    return frozenset(each for each in found if len(each) >= MIN_SECRET)


def _forms(secret: bytes) -> set[str]:
    """Return a secret as it may stand in a text: decoded, escaped, or percent-encoded."""
    decoded = {secret.decode(errors="backslashreplace"), secret.decode("latin-1")}
    return decoded | {shown(each, len(each)) for each in decoded} | {quote(secret, safe="")}
