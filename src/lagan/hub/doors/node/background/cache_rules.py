"""Which copies leave a node in cache mode: one rule after the other, first in, first out; pure.

Source: seeds/archive-server-config.txt, `Caching`; reference/ngas-http.md section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lagan.hub.doors.node.config.shape import Caching
from lagan.hub.doors.node.files.catalogue import Key

DOWN_TO = 0.9
"""Of MaxCacheSize: what is left when it was too much."""
EXCESS = 1.1
"""Of the files above MaxFiles: how many go."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A copy in the cache: since when (seconds since the epoch), bytes, and whether somebody asked
    for it to go."""

    key: Key
    since: float
    size: int
    marked: bool = False

    @property
    def file_id(self) -> str:
        """For plug-ins."""
        return self.key[0]

    @property
    def file_version(self) -> int:
        """For plug-ins."""
        return self.key[1]

    @property
    def disk_id(self) -> str:
        """For plug-ins."""
        return self.key[2]


@dataclass(slots=True)
class Size:
    """What is in the cache."""

    files: int
    bytes: int

    def without(self, entry: Entry) -> None:
        """One less."""
        self.files -= 1
        self.bytes -= entry.size


def leaving(
    entries: Iterable[Entry],
    size: Size,
    rules: Caching,
    now: float,
    *,
    may_go: Callable[[Entry], bool] = lambda _entry: True,
    plug_in: Callable[[Entry], bool] | None = None,
) -> Iterator[tuple[Entry, str]]:
    """The copies that go and why. `entries` are all of them, oldest first; `size` is what they are
    together, and is kept. `may_go` has the last word in every rule."""
    too_big = rules.largest is not None and size.bytes > rules.largest
    goal = int((rules.largest or 0) * DOWN_TO)
    excess = 0 if rules.most_files is None else max(0, size.files - rules.most_files)
    too_many = round(excess * EXCESS + 0.49) if excess else 0
    least = size.files - too_many
    for entry in entries:
        why = _why(entry, rules, now)
        if not why and too_big and size.bytes > goal:
            why = "MaxCacheSize"
        if not why and too_many and size.files > least:
            why = "MaxFiles"
        if not why and plug_in is not None and plug_in(entry):
            why = rules.plug_in
        if why and may_go(entry):
            size.without(entry)
            yield entry, why


def _why(entry: Entry, rules: Caching, now: float) -> str:
    if entry.marked:
        return "CACHEDEL"
    if rules.longest is not None and now - entry.since > rules.longest:
        return "MaxTime"
    return ""
