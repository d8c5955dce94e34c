"""Suggestions: what a word that is not known may have been meant to be."""

from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """Ask back whether one of the known words was meant; empty where none is near."""
    from difflib import get_close_matches  # for a mistake only: it takes longer than all else here

    # Two words are not alike for their dashes.
    bare = {each.lstrip("-"): each for each in known}
    near = get_close_matches(word.lower().lstrip("-"), bare, n=1)
    return f"; did you mean {bare[near[0]]}?" if near else ""
