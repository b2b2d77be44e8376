"""Which target a file goes to: the first whose rule fits it, by path, size, age and owner."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from os import stat_result


@dataclass(frozen=True, slots=True)
class Rule:
    """What a file must be like for one target; all of it. Without any condition every file is.

    `paths` are shell patterns (`pattern`), one of which must fit. Sizes in bytes, both inclusive.
    Ages in seconds: since the last change of the content at least `older_than` and at most
    `newer_than`, since it was last read at least `unread_for`. `owners` and `groups` are numbers;
    empty means anybody's.
    """

    target: str
    paths: tuple[re.Pattern[str], ...] = ()
    min_size: float = 0
    max_size: float = inf
    older_than: float = -inf
    newer_than: float = inf
    unread_for: float = -inf
    owners: frozenset[int] = field(default_factory=frozenset)
    groups: frozenset[int] = field(default_factory=frozenset)

    def fits(self, path: str, facts: stat_result, now: float) -> bool:
        """Whether the file `path` goes to this target at `now`, seconds since the epoch."""
        unchanged = now - facts.st_mtime
        return (
            self.min_size <= facts.st_size <= self.max_size
            and self.older_than <= unchanged <= self.newer_than
            and now - max(facts.st_atime, facts.st_mtime) >= self.unread_for
            and (not self.owners or facts.st_uid in self.owners)
            and (not self.groups or facts.st_gid in self.groups)
            and (not self.paths or any(_matches(each, path) for each in self.paths))
        )


def choose(rules: Iterable[Rule], path: str, facts: stat_result, now: float) -> str | None:
    """The target of the first rule that fits a file; None when none does."""
    return next((rule.target for rule in rules if rule.fits(path, facts, now)), None)


def pattern(text: str) -> re.Pattern[str]:
    """A shell pattern, as in the filters of walks: without a slash it is held against the name,
    with one at the beginning against the whole path, with any other against the path's end."""
    if "/" in text and not text.startswith("/"):
        text = "*/" + text
    return re.compile(fnmatch.translate(text))


def _matches(wanted: re.Pattern[str], path: str) -> bool:
    whole = "/" in wanted.pattern
    return wanted.match(path if whole else path.rpartition("/")[2]) is not None
