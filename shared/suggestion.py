"""Suggestions: what a word that is not known may have been meant to be."""

from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """Ask back whether one of the known words was meant; empty where none is near."""
    from difflib import get_close_matches  # for a mistake only: it takes longer than all else here

    near = get_close_matches(word.lower(), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
