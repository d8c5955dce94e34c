"""Content codings, and which of them a client takes: RFC 9110, 8.4 and 12.5.3. Pure."""

import functools
import re
from enum import Enum


class Coding(Enum):
    """The forms in which the data is held."""

    IDENTITY = "identity"
    GZIP = "gzip"


# RFC 9110, 12.4.2: three decimals at the most.
_MEMBER = re.compile(
    r"([!#$%&'*+\-.^_`|~0-9a-z]+)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)
_NAMES = {"x-gzip": "gzip"}  # RFC 9110, 8.4.1.3 has the two be one


@functools.lru_cache(256)
def negotiate(accept_encoding: str | None, gzip_pays: bool) -> Coding | None:
    """Choose the coding for a client by its Accept-Encoding; None where it takes neither.

    A client that takes both alike gets gzip where it pays, that is, where it is the shorter one.
    Members of the list that are malformed are passed over.
    """
    if accept_encoding is None:
        return Coding.IDENTITY
    weights = _weights(accept_encoding)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    identity = weights.get("identity", weights.get("*"))
    if identity is None:
        # Not named, it is taken but comes last; only a weight of its own, or of *, can forbid it.
        return Coding.GZIP if gzip and gzip_pays else Coding.IDENTITY
    if gzip and (not identity or (gzip_pays and gzip >= identity)):
        return Coding.GZIP
    return Coding.IDENTITY if identity else None


def _weights(accept_encoding: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for member in accept_encoding.lower().split(","):
        if match := _MEMBER.fullmatch(member.strip(" \t")):
            weights[_NAMES.get(match[1], match[1])] = float(match[2] or 1)
    return weights
