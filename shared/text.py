"""Foreign text made fit for a log line or an error message."""

import re
from shlex import quote

_SURROGATE = re.compile("[\ud800-\udfff]")


def shown(text: str, most: int = 80) -> str:
    """Escape what does not print, and cut what is longer than `most` characters.

    Nothing that a stranger sent can then break a line, move a terminal's cursor or flood a log.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in _cut(text, most)
    )


def well_formed(text: str) -> str:
    """Escape surrogates, which stand for bytes that are no UTF-8: PEP 383."""
    return _SURROGATE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def quoted(text: object, most: int = 200) -> str:
    """Show a value as it would be typed in a shell, so that it can be copied, mended and tried."""
    cut = _cut(str(text), most)
    return quote(cut) if cut.isprintable() else f"$'{''.join(map(_typed, cut))}'"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _typed(character: str) -> str:
    """Tell how a character is typed within $'…', where no other quotes help."""
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    # What is no UTF-8 came in by bytes as surrogates, PEP 383.
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
