"""Foreign text made fit for a log line or an error message."""

from shlex import quote


def shown(text: str, most: int = 80) -> str:
    """Escape what does not print, and cut what is longer than `most` characters.

    Nothing that a stranger sent can then break a line, move a terminal's cursor or flood a log.
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def quoted(text: object, most: int = 200) -> str:
    """Show a value as it would be typed in a shell, so that it can be copied, mended and tried."""
    return quote(shown(str(text), most))
