"""A subscriber is sent the files that were there before it, from its start date on: gone through
once, in pages, from where it was left off."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Disk, Feed, StoredFile
from lagan.hub.doors.node.subscriptions import queue

PAGE = 500
"""Files that are queued in one transaction."""


@dataclass(frozen=True, slots=True)
class Filling:
    """How far it went. `until`: the date up to which everything is queued, None for all; `moved`:
    whether it went further just now."""

    until: str | None
    moved: bool = False


def fill(subscriber: str) -> Filling:
    """Queue the next page of the files that were there before a subscriber."""
    with catalogue.turn():
        feeds = Feed.objects.select_for_update().filter(subscr_id=subscriber, filled=False)
        # A host whose disks are away has files that are not seen now: nobody waits for them.
        open_feeds = [each for each in feeds.order_by("id") if _disks(each).exists()]
        if not open_feeds:
            return Filling(None)
        feed = min(open_feeds, key=lambda each: each.after_date)
        _fill(feed)
        left = [each.after_date for each in open_feeds if not each.filled]
    return Filling(min(left, default=None), moved=True)


def _fill(feed: Feed) -> None:
    rows = list(_files(feed)[:PAGE])
    queue.add([feed.subscr_id], [each for each in rows if not each.file_ignore])
    if rows:
        last = rows[-1]
        feed.after_date, feed.after_id = last.ingestion_date or "", last.file_id
        feed.after_version, feed.after_disk = last.file_version, last.disk_id
    feed.filled = len(rows) < PAGE
    feed.save()


def _files(feed: Feed) -> QuerySet[StoredFile]:
    date, file_id = feed.after_date, feed.after_id
    after = Q(ingestion_date__gt=date) | Q(ingestion_date=date) & (
        Q(file_id__gt=file_id)
        | Q(file_id=file_id, file_version__gt=feed.after_version)
        | Q(file_id=file_id, file_version=feed.after_version, disk_id__gt=feed.after_disk)
    )
    found = StoredFile.objects.filter(
        after, ingestion_date__gte=date, disk_id__in=_disks(feed).values("disk_id")
    )
    return found.order_by("ingestion_date", "file_id", "file_version", "disk_id")


def _disks(feed: Feed) -> QuerySet[Disk]:
    return Disk.objects.filter(host_id=feed.host_id, mounted=1)
