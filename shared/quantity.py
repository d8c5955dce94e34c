"""Quantities, as a person reads them."""

import time

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


def count(number: int) -> str:
    """Tell a number: `12,345`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Tell how many there are of something: `1 item`, `84 items`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Tell a duration in its two largest units: `0.4 s`, `42 s`, `3 min 5 s`, `2 d 7 h`."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = int(seconds)
    for unit, name, part, part_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{whole} s"


def moment(wall: float, now: float) -> str:
    """Tell a moment in UTC, both in seconds since the epoch; its date only where it is not today's.

    `08:31:04Z`, or `2026-01-02 08:31:04Z`.
    """
    then, today = time.gmtime(wall), time.gmtime(now)
    is_today = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M:%SZ" if is_today else "%Y-%m-%d %H:%M:%SZ", then)
