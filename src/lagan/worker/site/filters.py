"""Which files a walk gives to its job: by name, size and age. The hub checks filters with the same
code before anything runs.

`include`, `exclude`: shell patterns, one or a list. A pattern without a slash is held against the
name; one that begins with a slash against the whole path; any other against the end of the path. An
excluded folder is not entered; `include` speaks of files only.
`min_size`, `max_size`: bytes, or text like `10 MB`. `older_than`, `newer_than`: days since the last
change of the content, or text like `90 d`, `12 h`.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import stat_result
from typing import Any

from lagan.kit.errors import BadInput
from lagan.kit.patterns import LONGEST, MOST, Pattern, compiled, matches
from lagan.kit.sizes import parse_size
from lagan.kit.times import parse_span

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Filters:
    """Checked filters. Sizes in bytes, `after` and `before` in seconds since the epoch."""

    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()
    min_size: float = 0
    max_size: float = math.inf
    before: float = math.inf
    """Files changed later than this are too young."""
    after: float = -math.inf
    """Files changed earlier than this are too old."""

    def enters(self, path: str) -> bool:
        """Whether the folder `path` is looked into."""
        return not matches(self.exclude, path)

    def keep(self, facts: stat_result, path: str) -> bool:
        """Whether the file or link `path` is given to the job."""
        return (
            self.min_size <= facts.st_size <= self.max_size
            and self.after <= facts.st_mtime <= self.before
            and not matches(self.exclude, path)
            and (not self.include or matches(self.include, path))
        )


def check(filters: Mapping[str, Any], now: float | None = None) -> Filters:
    """The filters that a job was given; BadInput names the one (`field`) that makes no sense. Ages
    count from `now`, seconds since the epoch."""
    if unknown := sorted(set(filters) - set(_READ)):
        raise _bad(unknown[0], f"is no filter; there are {', '.join(_READ)}")
    given = {
        name: _READ[name](name, value) for name, value in filters.items() if value not in (None, "")
    }
    now = time.time() if now is None else now
    checked = Filters(
        include=given.get("include", ()),
        exclude=given.get("exclude", ()),
        min_size=given.get("min_size", 0),
        max_size=given.get("max_size", math.inf),
        before=now - given.get("older_than", -math.inf),
        after=now - given.get("newer_than", math.inf),
    )
    if checked.min_size > checked.max_size:
        raise _bad("max_size", "is less than min_size: no file has such a size")
    if checked.after > checked.before:
        raise _bad("newer_than", "is less than older_than: no file has such an age")
    return checked


def _patterns(name: str, value: Any) -> tuple[Pattern, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or len(texts) > MOST:
        raise _bad(name, f"is a pattern or a list of up to {MOST} patterns")
    return tuple(_pattern(name, each) for each in texts)


def _pattern(name: str, text: Any) -> Pattern:
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
        raise _bad(name, f"holds something that is no pattern of 1 to {LONGEST} characters")
    return compiled(text)


def _size(name: str, value: Any) -> int:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except (BadInput, OverflowError):
            raise _bad(name, "is no size; write 512, 200 kB or 10 GiB") from None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _bad(name, "is no size; write bytes, or text like 10 GiB")
    return value


def _age(name: str, value: Any) -> float:
    """Seconds."""
    if isinstance(value, str):
        text = value.strip()
        plain = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text)
        try:
            return float(text) * DAY if plain else parse_span(text)
        except BadInput:
            raise _bad(name, "is no age; write days, or text like 12 h or 90 d") from None
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if not number or not 0 <= value <= 1e9:
        raise _bad(name, "is no age; write days, or text like 12 h or 90 d")
    return float(value) * DAY


_READ: Mapping[str, Callable[[str, Any], Any]] = {
    "include": _patterns,
    "exclude": _patterns,
    "min_size": _size,
    "max_size": _size,
    "older_than": _age,
    "newer_than": _age,
}


def _bad(name: str, what: str) -> BadInput:
    return BadInput(f"The filter {name[:60]!r} {what}.", field=f"filters.{name[:60]}")
