"""The data that is served: as many strings as a scenario asks for, all different. Pure."""

import json

# An odd factor maps the numbers below 2^32 to one another, so no string comes twice; this one, near
# 2^32 divided by the golden ratio, has neighbours differ in every digit.
_FACTOR = 2_654_435_761
_MODULUS = 1 << 32


def strings(count: int, edition: int = 0) -> list[str]:
    """Make so many strings of 8 bytes; those of two editions have none in common."""
    first = count * edition
    return [f"{number * _FACTOR % _MODULUS:08x}" for number in range(first, first + count)]


def body(count: int, edition: int = 0) -> bytes:
    """Render them as the gateway does: 11 bytes a string, and 1."""
    return json.dumps(strings(count, edition), separators=(",", ":")).encode()
