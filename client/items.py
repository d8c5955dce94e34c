"""Items: the 8-byte strings that endpoints publish, read from JSON and kept packed.

*Packed* means the strings' UTF-8 end to end, 8 bytes an item and nothing between them: a million
of them take 8 MB, where a million `str` take 65.
"""

import json
import re

from shared.text import shown

ITEM_SIZE = 8  # bytes in UTF-8

# `json.loads` holds the interpreter lock for a whole call, and builds whatever a body holds before
# anybody can look at it. So an array is recognised here and decoded in slices of strings only.
SLICE = 4096  # items; about 1 ms, well under the interpreter's switch interval of 5 ms

# RFC 8259, sections 2 and 7. Eight bytes are at most 48 characters (`\u0031` is one byte), so a
# string without an end in sight is given up early. Possessive: nothing is ever tried twice.
_SPACE = rb"[ \t\r\n]*+"
_PLAIN = rb'[^"\\\x00-\x1f]{0,48}+'
_STRING = rb'"' + _PLAIN + rb"(?:\\." + _PLAIN + rb'){0,8}+"'
_ITEM = _SPACE + _STRING + _SPACE
_OPENING = re.compile(_SPACE + rb"\[")
_EMPTY = re.compile(_SPACE + rb"\[" + _SPACE + rb"\]" + _SPACE)
_RUN = re.compile(rb"(?:" + _ITEM + rb",){1,%d}+" % SLICE)
_LAST = re.compile(_ITEM + rb"(?=\])")
_CLOSING = re.compile(rb"\]" + _SPACE)
_LEADING_SPACE = re.compile(_SPACE)
_WHOLE_ITEM = re.compile(_ITEM)
_LONG_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.){0,400}+')

_KINDS = {b"{": "an object", b"[": "an array", b'"': "a string", b"t": "true", b"f": "false"}
_KINDS |= {b"n": "null"} | {bytes([c]): "a number" for c in b"-0123456789"}


class ItemsError(Exception):
    """A body is not a JSON array of 8-byte strings; the text says what is wrong, and where."""

    def __init__(self, reason: str, index: int | None = None, value: str | None = None) -> None:
        """Keep the first bad item's index and value, cut short, where the fault is in an item."""
        at = "" if index is None else f"item {index} "
        super().__init__(at + reason + ("" if value is None else f": {value}"))
        self.index = index
        self.value = value


def parse(body: bytes) -> bytes:
    """Read a JSON array of 8-byte strings into packed items. Raises ItemsError.

    Linear in the body's size, and never longer than a slice without giving way to other threads,
    apart from white space in bulk: 16 MiB of it hold them up for some 50 ms.
    """
    if _EMPTY.fullmatch(body):
        return b""
    opening = _OPENING.match(body)
    if not opening:
        raise _not_an_array(body)
    position, packed = opening.end(), bytearray()
    while run := _RUN.match(body, position):
        packed += _pack(body, position, run.end() - 1, len(packed) // ITEM_SIZE)
        position = run.end()
    last = _LAST.match(body, position)
    if not last:
        raise _bad_item(body, position, len(packed) // ITEM_SIZE)
    packed += _pack(body, position, last.end(), len(packed) // ITEM_SIZE)
    if not _CLOSING.fullmatch(body, last.end()):
        raise ItemsError(f"not JSON: something follows the array's end at byte {last.end()}")
    return bytes(packed)


def _pack(body: bytes, start: int, end: int, first: int) -> bytes:
    """Decode the strings between two offsets, of which the first has the index `first`."""
    try:
        items: list[str] = json.loads(f"[{body[start:end].decode()}]")
    except UnicodeDecodeError as error:
        raise ItemsError(f"not UTF-8 at byte {start + error.start}") from None
    except json.JSONDecodeError as error:
        raise ItemsError(f"not JSON behind byte {start}: {error.msg}") from None
    try:
        packed = "".join(items).encode()
        # As many bytes as characters means that all are ASCII, so characters count for bytes.
        if len(packed) == ITEM_SIZE * len(items) and set(map(len, items)) == {ITEM_SIZE}:
            return packed
        sizes = [len(item.encode()) for item in items]
    except UnicodeEncodeError:
        raise _lone_surrogate(items, first) from None
    for index, size in enumerate(sizes):
        if size != ITEM_SIZE:
            reason = f"has {size} bytes in UTF-8, not {ITEM_SIZE}"
            raise ItemsError(reason, first + index, shown(f'"{items[index]}"'))
    return packed


def _lone_surrogate(items: list[str], first: int) -> ItemsError:
    index = next(i for i, item in enumerate(items) if re.search("[\ud800-\udfff]", item))
    return ItemsError("holds a lone surrogate", first + index, shown(f'"{items[index]}"'))


def _not_an_array(body: bytes) -> ItemsError:
    start = _end_of_space(body, 0)
    if start == len(body):
        return ItemsError("not JSON: the body is empty")
    kind = _KINDS.get(body[start : start + 1])
    if kind is None:
        return ItemsError(f"not JSON: the body begins with {_cut(body, start)}")
    return ItemsError(f"not an array but {kind}: {_cut(body, start)}")


def _bad_item(body: bytes, position: int, index: int) -> ItemsError:
    """Tell why no item of an array is where one is wanted."""
    if item := _WHOLE_ITEM.match(body, position):
        return ItemsError(f"not JSON: no comma or end of the array at byte {item.end()}")
    start = _end_of_space(body, position)
    kind = _KINDS.get(body[start : start + 1])
    if kind is None:
        what = _cut(body, start) if start < len(body) else "the end of the body"
        return ItemsError(f"not JSON: {what} at byte {start}, where an item is wanted")
    if kind != "a string":
        return ItemsError(f"is not a string but {kind}", index, _cut(body, start))
    string = _LONG_STRING.match(body, start)
    end = string.end() if string else start
    # A control or the body's end, behind a backslash or not: no string goes on there.
    if body[end : end + 2].removeprefix(b"\\")[:1] < b" ":
        return ItemsError(f"not JSON: the string at byte {start} does not end")
    return ItemsError(f"has more than {ITEM_SIZE} bytes in UTF-8", index, _cut(body, start))


def _end_of_space(body: bytes, position: int) -> int:
    space = _LEADING_SPACE.match(body, position)
    return space.end() if space else position


def _cut(body: bytes, start: int) -> str:
    return shown(body[start : start + 60].decode(errors="backslashreplace"), 40)
