"""A node in cache mode keeps its files as long as there is room for them.

Rows of `ngas_cache` say since when a copy is there, so that a restart changes nothing. A copy may
go although nobody else has the file: that is what cache mode means in the archive server, and why
it needs AllowRemoveReq. With CheckCanBeDeleted a file that some subscriber still waits for stays,
in every rule; there it is so only in the rule of size. Source: seeds/archive-server-config.txt,
`Caching`; reference/ngas-http.md section 8.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, Sum

from lagan.hub.doors.node.background.cache_rules import Entry, Size, leaving
from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.files import catalogue, removing
from lagan.hub.doors.node.files.catalogue import Key, key_of
from lagan.hub.doors.node.models import Cached, Feed, StoredFile
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.subscriptions import queue
from lagan.hub.doors.node.wire.reply import Failed

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

CHUNK = 500
"""Copies that are looked at, or go, together."""
LEAST_PAUSE = 0.2


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Look every Period until told to stop."""
    while not stop.is_set():
        look(node, stop)
        stop.wait(max(node.config.caching.period.total_seconds(), LEAST_PAUSE))


def look(node: ArchiveNode, stop: threading.Event) -> int:
    """Let go of what the rules say; how many copies went."""
    disks = [each.id for each in node.disks if each.writable]
    _take_note(disks)
    rules, count = node.config.caching, 0
    going = leaving(
        _entries(disks), _size(disks), rules, time.time(),
        may_go=_Waiting(node.host_id).may_go if rules.wait_for_subscribers else lambda _: True,
        plug_in=_plug_in(node),
    )  # fmt: skip
    # All are chosen before one goes: what is read is not what is being written.
    chosen = list(going)
    for start in range(0, len(chosen), CHUNK):
        if stop.is_set():
            break
        count += _remove(node, chosen[start : start + CHUNK])
    return count


def _remove(node: ArchiveNode, going: Sequence[tuple[Entry, str]]) -> int:
    reasons = {entry.key: why for entry, why in going}
    found = StoredFile.objects.filter(file_id__in={entry.file_id for entry, _ in going})
    rows = [each for each in found if key_of(each) in reasons]
    for why in sorted(set(reasons.values())):
        some = [each for each in rows if reasons[key_of(each)] == why]
        removing.remove(node.disks, some, by=node.by, why=f"cache: {why}")
        _log.info("%d files left the cache: %s", len(some), why)
    return len(rows)


def _take_note(disks: Sequence[str]) -> None:
    """Copies that came since the last look are in the cache since they were archived."""
    known = Cached.objects.filter(
        disk_id=OuterRef("disk_id"),
        file_id=OuterRef("file_id"),
        file_version=OuterRef("file_version"),
    )
    new = StoredFile.objects.filter(~Exists(known), disk_id__in=disks)
    ordered, after = new.order_by("file_id", "file_version", "disk_id"), Q()
    while rows := list(ordered.filter(after)[:CHUNK]):
        with catalogue.turn():
            Cached.objects.bulk_create([_noted(each) for each in rows], ignore_conflicts=True)
        last = rows[-1]
        # Some of the last id may come again; those are known by then.
        after = Q(file_id__gte=last.file_id)


def _noted(row: StoredFile) -> Cached:
    return Cached(
        disk_id=row.disk_id,
        file_id=row.file_id,
        file_version=row.file_version,
        cache_time=_seconds(row.ingestion_date),
    )


def _seconds(text: str | None) -> float:
    """A date of the catalogue in seconds since the epoch; now where it is none."""
    try:
        return datetime.fromisoformat(text or "").astimezone().timestamp()
    except ValueError:
        return time.time()


def _size(disks: Sequence[str]) -> Size:
    rows = StoredFile.objects.filter(disk_id__in=disks)
    found = rows.aggregate(files=Count("file_id"), bytes=Sum("file_size"))
    return Size(int(found["files"]), int(found["bytes"] or 0))


def _entries(disks: Sequence[str]) -> Iterator[Entry]:
    """All of them, oldest first."""
    rows = Cached.objects.filter(disk_id__in=disks)
    ordered = rows.order_by("cache_time", "file_id", "file_version", "disk_id").iterator(CHUNK)
    while some := list(islice(ordered, CHUNK)):
        sizes = _sizes(some)
        for each in some:
            key = (each.file_id, int(each.file_version), each.disk_id)
            if key in sizes:
                yield Entry(key, each.cache_time, sizes[key], bool(each.cache_delete))


def _sizes(rows: Sequence[Cached]) -> dict[Key, int]:
    found = StoredFile.objects.filter(
        file_id__in={each.file_id for each in rows}, disk_id__in={each.disk_id for each in rows}
    )
    return {key_of(each): int(each.file_size) for each in found}


class _Waiting:
    """Whom files wait for."""

    def __init__(self, host_id: str) -> None:
        feeds = Feed.objects.filter(host_id=host_id, filled=False)
        # Files that are not even queued for a new subscriber yet, from this date on.
        self._from = min(feeds.values_list("after_date", flat=True), default=None)

    def may_go(self, entry: Entry) -> bool:
        """Whether everybody who is sent this file has it. Asked only of those that would go."""
        if queue.undelivered([(entry.file_id, entry.file_version)]):
            return False
        if self._from is None:
            return True
        rows = catalogue.copies(entry.file_id, version=entry.file_version, disk_id=entry.disk_id)
        return all((each.ingestion_date or "") < (self._from or "") for each in rows)


def _plug_in(node: ArchiveNode) -> Callable[[Entry], bool] | None:
    rules = node.config.caching
    if not rules.plug_in:
        return None
    server = PlugInServer(node, rules.parameters)

    def decide(entry: Entry) -> bool:
        try:
            return bool(node.plug_ins.call("cache control", rules.plug_in, server, entry))
        except Failed as error:
            _log.error("The cache asks in vain: %s", error.sentence)
            return False

    return decide


def _wanted(config: NodeConfig) -> bool:
    return config.caching.enabled


SERVICE = Service("cache", run, _wanted)
