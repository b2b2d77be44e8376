"""Patterns with `*` for any characters, or none, compared without regard to case."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern; time grows with the text, whatever the pattern."""
    first, *others = pattern.casefold().split("*")
    rest = text.casefold()
    if not others:
        return rest == first
    *middle, last = others
    if not rest.startswith(first):
        return False
    place = len(first)
    for piece in middle:
        found = rest.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return len(rest) - place >= len(last) and rest.endswith(last)
