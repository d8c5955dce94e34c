"""What may be served: a model that knows every version that each endpoint ever sent. Pure.

An endpoint has versions, counted from 1, and sends the newest. Which strings a version has follows
from the endpoint and the version alone; one of them names both. So an answer tells of which
versions it is the merge, and then it must be that merge to the last string.
"""

import random
from collections.abc import Container, Sequence
from itertools import chain

Versions = tuple[int, ...]
"""A version of each endpoint, in the order of the configuration; 0 where there is none of it."""

# Strings that any endpoint may send; some take other ways through decoders and encoders of JSON.
SHARED = (
    *(f"shared{number:02d}" for number in range(20)),
    *('quote"\\"', "tab\tnul\0", "ół猫1", "🐢🐢", "\x7f/</b>\r\n"),
)
MOST_SHARED = 12  # of them in one array
LASTING = 5  # versions that an own string stays for


class WrongAnswerError(AssertionError):
    """An answer is not what may be served; the text says why not."""


def items(endpoint: int, version: int) -> list[str]:
    """Tell what an endpoint sends as a version: its name, shared strings, own ones, some twice."""
    chance = random.Random(f"{endpoint} {version}")
    own = [f"{endpoint:x}.{number:06x}" for number in range(version, version + LASTING)]
    strings = [name(endpoint, version), *own]
    strings += chance.sample(SHARED, chance.randint(0, MOST_SHARED))
    strings += chance.choices(strings, k=chance.randint(0, 3))
    chance.shuffle(strings)
    return strings


def name(endpoint: int, version: int) -> str:
    """Tell the string that only this version of this endpoint has."""
    return f"{endpoint:x}={version:06x}"


def named(string: str) -> tuple[int, int] | None:
    """Tell which endpoint and version a string names; None where it is any other string."""
    endpoint, equals, version = string.partition("=")
    return (int(endpoint, 16), int(version, 16)) if equals else None


def merged(versions: Versions) -> list[str]:
    """Tell the merge of these versions: each string once, at its first occurrence."""
    arrays = (items(endpoint, version) for endpoint, version in enumerate(versions) if version)
    return list(dict.fromkeys(chain.from_iterable(arrays)))


def recognized(answer: Sequence[str], endpoints: int) -> Versions:
    """Tell of which versions an answer is the merge to the last string. Raises WrongAnswerError."""
    found = [0] * endpoints
    for string in answer:
        if not (naming := named(string)):
            continue
        number, version = naming
        if found[number]:
            raise WrongAnswerError(f"it holds two versions of endpoint {number}: {string} too")
        found[number] = version
    versions = tuple(found)
    if list(answer) != (wanted := merged(versions)):
        lost, strange = set(wanted) - set(answer), set(answer) - set(wanted)
        raise WrongAnswerError(
            f"it is no merge of the versions {versions}: it lacks {sorted(lost)}, it has "
            f"{sorted(strange)} besides, of {len(wanted)} strings it has {len(answer)}"
        )
    return versions


def check(answer: Sequence[str], sent: Sequence[Container[int]], floor: Versions) -> Versions:
    """Tell of which versions an answer is the merge, where it may be served.

    `sent` are the versions that each endpoint has sent so far, `floor` is what the same server has
    served before. Raises WrongAnswerError.
    """
    versions = recognized(answer, len(sent))
    for endpoint, version in enumerate(versions):
        if version and version not in sent[endpoint]:
            raise WrongAnswerError(f"endpoint {endpoint} has never sent its version {version}")
        if version < floor[endpoint]:
            raise WrongAnswerError(
                f"it has version {version} of endpoint {endpoint}, where {floor[endpoint]} was "
                "served before"
            )
    return versions


def newest(first: Versions, second: Versions) -> Versions:
    """Tell the newer version of each endpoint."""
    return tuple(map(max, first, second))
