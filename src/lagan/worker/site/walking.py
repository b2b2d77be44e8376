"""The discovery `recursive`: finds the files and links beneath a job's paths, in walks that run
beside each other.

A walk looks into its folders and gives what it finds in batches. After `MOST_ENTRIES` entries or
`LONGEST` seconds it leaves the folders that it has not looked into to up to `OTHERS` walks, so that
work begins early and a large tree is walked in parallel. One folder is walked by one walk, however
large it is.

With the argument `folders` the folders themselves are given too, for a step that removes: each
after everything in it, and only when all that was in it was given. Such a walk leaves nothing to
others, so that the order holds: batches are begun in the order in which they were found. A step
that finds a folder not empty yet tells it as worth another try. With the argument `with_folders`
they are given in no such order, each as soon as it is looked into.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lagan.worker.batches import cut
from lagan.worker.site import filters, paths
from lagan.worker.site.searching import LEFT, Search, is_left
from lagan.worker.steps import Context, register_step

MOST_ENTRIES = 20_000
"""Entries that a walk looks at before it leaves the rest to others: less than a second's work."""

LONGEST = 2.0
"""Seconds after which it does so on a slow filesystem."""

OTHERS = 8
"""Walks that go on where one has stopped."""

MOST_LEFT = 8 << 20
"""Characters of the paths that a walk leaves to others: a message to the hub holds them even when
each of them is escaped. A walk that has more goes on until it has not."""

Item = tuple[str, int]
"""A path and its bytes."""


def register() -> None:
    """Make the step known."""
    register_step("discover.recursive", recursive)


def recursive(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """The step: `args` may hold `filters` (see `filters`), `folders` and `with_folders`; `items`
    are paths, or folders that another walk left."""
    search = Search(context, filters.check(args.get("filters") or {}))
    waiting = list(reversed(search.starts(items)))
    deep = bool(args.get("folders"))
    too = bool(args.get("with_folders"))
    found = _deepest_first(search, waiting) if deep else _until_enough(search, waiting, too)
    facts = {"found": 0, "bytes": 0}
    for batch, size in cut(found):
        context.found(batch, size)
        facts["found"] += len(batch)
        facts["bytes"] += size
    for count in range(min(OTHERS, len(waiting))):
        context.leave_to_others(waiting[count::OTHERS])
    return {
        **facts,
        "folders": search.folders,
        "passed_over": search.passed_over,
        "left": len(waiting),
    }


def _until_enough(search: Search, waiting: list[str], folders: bool) -> Iterator[Item]:
    """Files and links, and `folders` too; `waiting` holds those that are left in the end."""
    until = time.monotonic() + LONGEST
    held = sum(len(each) for each in waiting)
    while waiting:
        start = waiting.pop()
        held -= len(start)
        seen = search.first(start)
        if seen is not None and seen.facts is not None:
            yield seen.path, seen.facts.st_size
        elif seen is not None:
            if folders and paths.locate(seen.path).relative:
                yield seen.path, 0
            for each in search.look(seen.path, found=is_left(start)):
                if each.facts is None:
                    waiting.append(each.path + LEFT)
                    held += len(waiting[-1])
                else:
                    yield each.path, each.facts.st_size
        if held <= MOST_LEFT and (search.entries >= MOST_ENTRIES or time.monotonic() >= until):
            return


@dataclass(slots=True)
class _Open:
    """A folder that is being walked to its end: what is left to look into, and what had been kept
    back before it."""

    path: str
    kept_back: int
    inner: list[str] = field(default_factory=list)


def _deepest_first(search: Search, waiting: list[str]) -> Iterator[Item]:
    """Files, links and folders, a folder after all that is in it."""
    while waiting:
        start = waiting.pop()
        seen = search.first(start)
        if seen is not None and seen.facts is not None:
            yield seen.path, seen.facts.st_size
        elif seen is not None:
            yield from _whole(search, seen.path, is_left(start))


def _whole(search: Search, top: str, found: bool) -> Iterator[Item]:
    line: list[_Open] = []
    coming: str | None = top
    while coming is not None or line:
        if coming is not None:
            here = _Open(coming, search.kept_back)
            line.append(here)
            for each in search.look(here.path, found=found or here.path != top):
                if each.facts is None:
                    here.inner.append(each.path)
                else:
                    yield each.path, each.facts.st_size
        coming = line[-1].inner.pop() if line[-1].inner else None
        if coming is None:
            done = line.pop()
            if search.kept_back == done.kept_back and paths.locate(done.path).relative:
                yield done.path, 0
