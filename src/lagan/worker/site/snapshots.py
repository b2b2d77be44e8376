"""The discovery `snapdiff`: finds the files that are new or changed since the last run of the same
work that ended well, by a listing of the site which that run had saved.

A file is as it was when its size, both its times and its inode are; whoever changes its facts or
moves another file there changes it. Which listing to compare with is told by the hub, which knows
how a run ended: what a failed run found is found again. Without one everything is found. A file
that changed within `SETTLED` of being listed counts as changed the next time too, since filesystems
tell no two changes of one moment apart.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from lagan.kit.errors import BadInput, NoSpace
from lagan.worker import place
from lagan.worker.batches import cut
from lagan.worker.ledger import Claimed
from lagan.worker.site import filters, listings
from lagan.worker.site.listings import Record
from lagan.worker.site.searching import BEAT_EVERY, Search, Seen
from lagan.worker.steps import Context, register_step

SETTLED = 2_000_000_000
"""Nanoseconds; the coarsest times that filesystems keep are two seconds apart."""

KEPT = 5
"""Listings of one kind of work that are kept: runs that go on or have failed need theirs no more,
but which one ends well is not known here."""

FORGOTTEN_AFTER = 180 * 86400.0
"""Seconds after which the listings of work that nobody ran again are removed."""

SCRATCH_FOR = 7 * 86400.0
"""Seconds after which what a killed walk left behind is removed; no walk takes so long."""

_KEY = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9]+-[0-9]+-[0-9]+")

Change = Literal["new", "changed", "same", "removed"]


def register() -> None:
    """Make the step known."""
    register_step("discover.snapdiff", snapdiff)


def snapdiff(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """The step: `args` hold `key` (what is the same work: 64 hexadecimal digits), `since` (the name
    of the listing to compare with; None finds everything) and perhaps `filters`. The result names
    the new `listing` and the one that it was compared with (`since`), and counts what is `new`,
    `changed`, `same` and `removed`. NoSpace when the listing has no room."""
    search = Search(context, filters.check(args.get("filters") or {}))
    folder = _shelf(args)
    before = _known(folder, args.get("since"))
    counts: Counter[Change] = Counter()
    with _in_words(), _scratch(folder) as scratch:
        now = listings.in_order(_records(search, items), scratch)
        with listings.Writing(folder / _name_of(context.task)) as listing:
            changed = _changed(context, _kept(now, listing), _old(folder, before), counts)
            for batch, size in cut(changed):
                context.found(batch, size)
        prune(folder, before)
    told = {each: counts[each] for each in ("new", "changed", "same", "removed")}
    return {
        **told,
        "listing": _name_of(context.task),
        "since": before,
        "folders": search.folders,
        "passed_over": search.passed_over,
    }


def compare(now: Iterator[Record], before: Iterator[Record]) -> Iterator[tuple[Change, Record]]:
    """Every record of either stream once, with what became of its file; both are in order, and
    neither is held in memory."""
    old = next(before, None)
    for new in now:
        while old is not None and old.path < new.path:
            yield "removed", old
            old = next(before, None)
        if old is None or old.path > new.path:
            yield "new", new
        else:
            yield "same" if listings.is_same(old, new) else "changed", new
            old = next(before, None)
    while old is not None:
        yield "removed", old
        old = next(before, None)


def prune(folder: Path, used: str | None) -> None:
    """Remove listings that nobody will compare with: all but the newest and `used` of this work,
    and those of work that was not run for long."""
    mine = sorted(_aged(folder), reverse=True)
    saved = [each for _, each in mine if _NAME.fullmatch(each.name)]
    now = time.time()
    for each in saved[KEPT:]:
        if each.name != used:
            _remove(each)
    for when, each in mine:
        if each not in saved and when < now - SCRATCH_FOR:
            _remove(each)
    for when, each in _aged(folder.parent):
        if each != folder and when < now - FORGOTTEN_AFTER:
            _remove(each)


def _aged(folder: Path) -> Iterator[tuple[float, Path]]:
    """What is in a folder, with the time of its last change; others may be removing there too."""
    for each in folder.iterdir():
        with suppress(FileNotFoundError):
            yield each.stat().st_mtime, each


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _records(search: Search, items: Sequence[str]) -> Iterator[Record]:
    waiting = list(reversed(search.starts(items)))
    begun = set(waiting)
    while waiting:
        path = waiting.pop()
        asked = path in begun
        seen = search.first(path) if asked else Seen(path, None)
        if seen is not None and seen.facts is not None:
            yield _record(seen.path, seen.facts)
        elif seen is not None:
            for each in search.look(seen.path, found=not asked):
                if each.facts is None:
                    waiting.append(each.path)
                else:
                    yield _record(each.path, each.facts)


def _record(path: str, facts: os.stat_result) -> Record:
    changed = None if facts.st_ctime_ns > time.time_ns() - SETTLED else facts.st_ctime_ns
    return listings.record(
        os.fsencode(path), facts.st_size, facts.st_mtime_ns, changed, facts.st_ino
    )


def _kept(now: Iterator[Record], listing: listings.Writing) -> Iterator[Record]:
    for each in now:
        listing.add(each)
        yield each


def _changed(
    context: Context, now: Iterator[Record], before: Iterator[Record], counts: Counter[Change]
) -> Iterator[tuple[str, int]]:
    for number, (change, each) in enumerate(compare(now, before)):
        counts[change] += 1
        if number % BEAT_EVERY == 0:
            context.progress(0)
        if change in ("new", "changed"):
            yield os.fsdecode(each.path), each.size


def _old(folder: Path, name: str | None) -> Iterator[Record]:
    return iter(()) if name is None else listings.read(folder / name)


def _shelf(args: Mapping[str, Any]) -> Path:
    key = args.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise BadInput("A walk for changes needs a key of 64 hexadecimal digits.", field="key")
    folder = place.current().notes() / "listings" / key
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _known(folder: Path, name: Any) -> str | None:
    """The listing to compare with, if it is still there."""
    if name is None:
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput("That is no name of a listing.", field="since")
    return name if (folder / name).exists() else None


def _name_of(task: Claimed) -> str:
    """Each attempt has its own: one that has lost its lease and goes on must not replace the
    listing of the one that ends well."""
    return f"{task.job}-{task.id}-{task.attempt}"


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="scratch-", dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace("There is no room for the listing of the site's files.") from None
        raise
