"""Shell patterns that files' paths are held against, as people write them for filters and policies.

A pattern without a slash is held against the name; one that begins with a slash against the whole
path; any other against the end of the path.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

MOST = 100
"""Patterns in one list."""
LONGEST = 1000
"""Characters of one."""

Pattern = tuple[bool, re.Pattern[str]]
"""Whether the whole path is looked at and not the name alone; what it must look like."""


def compiled(text: str) -> Pattern:
    """The pattern that `text` writes."""
    whole = "/" in text
    if whole and not text.startswith("/"):
        text = "*/" + text
    return whole, re.compile(fnmatch.translate(text))


def matches(patterns: Iterable[Pattern], path: str) -> bool:
    """Whether any of the patterns is that of `path`."""
    if not patterns:
        return False
    name = path.rpartition("/")[2]
    return any(each.match(path if whole else name) for whole, each in patterns)
