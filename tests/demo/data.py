"""What the played endpoints serve: 8-byte strings that change with every beat of a period.

Pure: the same period and time give the same strings, in every process and on every machine.
"""

import hashlib

SIZE = 8  # bytes of each string in UTF-8
COMMON = 12  # strings that every endpoint serves, so that there is something to deduplicate
OWN = 24  # strings that only this period's endpoint serves
LEAVING = 8  # of the own strings: how many leave, and how many come, with every beat
RARITY = 6  # one string in so many is not ASCII

# Two, three and four bytes a character: each takes another way through a UTF-8 decoder.
WORDS = ("ół", "猫", "🐢")


def items(period: float, now: float) -> list[str]:
    """Tell what the endpoint with this period serves at this time; both are in seconds."""
    oldest = int(now // period) * LEAVING
    own = [_item(f"{period:g}", number) for number in range(oldest, oldest + OWN)]
    return [_item("common", number) for number in range(COMMON)] + own


def _item(series: str, number: int) -> str:
    digits = hashlib.sha256(f"{series} {number}".encode()).hexdigest()
    if number % RARITY:
        return digits[:SIZE]
    word = WORDS[number // RARITY % len(WORDS)]
    return word + digits[: SIZE - len(word.encode())]
