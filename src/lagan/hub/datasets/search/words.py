"""The words of a text, the same on every database: folded, without marks between them; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lagan.hub.datasets.search.errors import BadSearch

LONGEST_WORD = 100
"""Characters; what is longer is cut. Within what both databases index."""
LARGEST_DOCUMENT = 1_000_000
"""Bytes of the words of one dataset: PostgreSQL holds at most a megabyte of them."""
MOST_WORDS = 20
"""Words of one search."""
SHORTEST_BEGINNING = 2
"""Letters before a `*`: what begins with one letter is nearly everything."""
_WORD = re.compile(r"[^\W_]+")
_SOUGHT = re.compile(r"[^\W_]+\*?")


def words(text: str) -> list[str]:
    """The words in order: letters and digits of any script, case folded."""
    return [each[:LONGEST_WORD] for each in _WORD.findall(_folded(text))]


def document(texts: Iterable[str]) -> str:
    """Every word of the texts once, with a space between: what is indexed for a dataset."""
    seen: dict[str, None] = {}
    size = 0
    for text in texts:
        for word in words(text):
            if word in seen:
                continue
            size += len(word.encode()) + 1
            if size > LARGEST_DOCUMENT:
                return " ".join(seen)
            seen[word] = None
    return " ".join(seen)


def sought(text: str) -> list[str]:
    """The words that a search asks for, a `*` at the end of those that only begin so. BadSearch for
    too many, or for a text that holds no word."""
    found = list(dict.fromkeys(_SOUGHT.findall(_folded(text))))
    if not found and text.strip():
        raise BadSearch("There is no word in this text: letters or digits are.", field="text")
    if len(found) > MOST_WORDS:
        raise BadSearch(f"A search has at most {MOST_WORDS} words.", field="text")
    if any(each.endswith("*") and len(each) <= SHORTEST_BEGINNING for each in found):
        raise BadSearch(
            f"The beginning of a word has at least {SHORTEST_BEGINNING} letters.", field="text"
        )
    return [each[:LONGEST_WORD] for each in found]


def in_pattern(pattern: str) -> list[str]:
    """Words, or beginnings of words, that every text has which fits the pattern (`*`: anything).

    Only of ASCII patterns: there no letter can melt with what stands beside it, but for the last
    one before a `*`, which is left out.
    """
    if not pattern.isascii():
        return []
    found: dict[str, None] = {}
    pieces = pattern.casefold().split("*")
    for place, piece in enumerate(pieces):
        for each in _WORD.finditer(piece):
            word = each[0]
            if each.start() == 0 and place > 0:
                continue
            if each.end() == len(piece) and place < len(pieces) - 1:
                word = word[:-1][: LONGEST_WORD - 1] + "*"
            if len(word) > SHORTEST_BEGINNING + 1:
                found[word[:LONGEST_WORD]] = None
    return list(found)[:MOST_WORDS]


def _folded(text: str) -> str:
    """One way of writing what can be written in several, as letters with their accents."""
    return unicodedata.normalize("NFKC", text).casefold()
