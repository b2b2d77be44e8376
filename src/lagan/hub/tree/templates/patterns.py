"""Regular expressions that people write: matched whole, in time that grows with the text alone.

The engine is RE2: no expression and no text makes it search back, so neither can hold the server
up. What it cannot do (looking around, back references) is refused where the expression is edited.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

from lagan.hub.tree.metadata.values import is_plain
from lagan.kit.errors import BadInput

LONGEST_PATTERN = 1000
"""Characters of an expression."""
_MEMORY = 1 << 19
"""Bytes of one compiled expression; a larger one is refused."""

Matcher = Callable[[str], bool]


def matcher(pattern: str) -> Matcher:
    """Whether a text as a whole is what the expression says. BadInput for an expression that is
    none."""
    if len(pattern) > LONGEST_PATTERN:
        raise BadInput(f"A regular expression has at most {LONGEST_PATTERN} characters.")
    if not is_plain(pattern):
        raise BadInput("A regular expression is plain text.")
    return _compiled(pattern)


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> Matcher:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        raise BadInput(f"This is no regular expression: {_words(error)}.", regex=pattern) from None
    return lambda text: is_plain(text) and found.fullmatch(text) is not None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
