"""What waits for subscribers, durably: rows come with the files, go on over restarts, and end as
done, as given up or with their subscription.

A row of `ngas_subscr_queue` says -2 while it waits, -1 while it is sent, 0 when it is done, and
above 0 how often it failed; failures have a row in `ngas_subscr_back_log` with the time of the next
try. Only the node that owns a subscription claims its rows. Source: reference/ngas-http.md section
7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from lagan.hub.base import locks
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import BackLog, Delivery, Feed, StoredFile, Subscriber
from lagan.hub.doors.node.wire.moments import show_local

WAITING, SENDING, DONE = -2, -1, 0
LONGEST_COMMENT = 2000
PAGE = 500
"""Rows that go into one statement."""
_LOCK = "node.feeds"
FileKey = tuple[str, int]
"""File id and version."""


@dataclass(slots=True)
class Errand:
    """A delivery that is claimed. `unsure`: the receiver may have it already."""

    row: Delivery
    failures: int = 0
    since: datetime | None = None
    unsure: bool = False

    @property
    def key(self) -> FileKey:
        """What is delivered."""
        return self.row.file_id, int(self.row.file_version)


def hold_feeds() -> None:
    """Let no file arrive between finding what is there and being told of what comes; inside the
    caller's transaction."""
    locks.until_commit(_LOCK)


def expect(rows: Sequence[StoredFile], host_id: str, renewed: Collection[FileKey] = ()) -> set[str]:
    """Queue copies that arrived at a host for those who are sent its files, inside the transaction
    that catalogues them; the ids of those who got something to wait for."""
    locks.until_commit(_LOCK, shared=True)
    feeds = Feed.objects.filter(host_id=host_id).values("subscr_id")
    begun = Q(subscr_start_date__isnull=True) | Q(
        subscr_start_date__lte=show_local(datetime.now(UTC))
    )
    ids = list(Subscriber.objects.filter(begun, pk__in=feeds).values_list("pk", flat=True))
    if ids and renewed:
        _forget(ids, renewed)
    return add(ids, rows) if ids else set()


def add(subscribers: Sequence[str], rows: Sequence[StoredFile]) -> set[str]:
    """Queue copies for subscribers, each file and version once; who got something."""
    got: set[str] = set()
    for start in range(0, len(rows), PAGE):
        got |= _add(subscribers, rows[start : start + PAGE])
    return got


def _add(subscribers: Sequence[str], rows: Sequence[StoredFile]) -> set[str]:
    there = set(
        Delivery.objects.filter(
            subscr_id__in=subscribers, file_id__in={each.file_id for each in rows}
        ).values_list("subscr_id", "file_id", "file_version")
    )
    new: list[Delivery] = []
    for row in rows:
        for subscriber in subscribers:
            key = (subscriber, row.file_id, int(row.file_version))
            if key not in there:
                there.add(key)
                new.append(_delivery(subscriber, row))
    Delivery.objects.bulk_create(new, batch_size=PAGE, ignore_conflicts=True)
    return {each.subscr_id for each in new}


def _delivery(subscriber: str, row: StoredFile) -> Delivery:
    return Delivery(
        subscr_id=subscriber,
        file_id=row.file_id,
        file_version=row.file_version,
        disk_id=row.disk_id,
        file_name=row.file_name,
        ingestion_date=row.ingestion_date,
        format=row.format,
        status=WAITING,
        status_date=show_local(datetime.now(UTC)),
    )


def _forget(subscribers: Sequence[str], keys: Collection[FileKey]) -> None:
    """What was delivered of these is no more: there is new content."""
    wanted = Q(pk__in=[])
    for file_id, version in keys:
        wanted |= Q(file_id=file_id, file_version=version)
    for table in (Delivery, BackLog):
        table.objects.filter(wanted, subscr_id__in=subscribers).delete()


def claim(subscriber: str, most: int, now: datetime, until: str | None = None) -> list[Errand]:
    """Take up to so many that are to be sent now: first those whose next try is due, then by date
    of ingestion, none later than `until`. They say that they are being sent."""
    with catalogue.turn():
        again = list(
            BackLog.objects.filter(subscr_id=subscriber, due__lte=now).order_by("due", "id")[:most]
        )
        found = [each for row in again if (each := _again(row)) is not None]
        left = most - len(again)
        waiting = Delivery.objects.filter(subscr_id=subscriber, status=WAITING)
        if until is not None:
            waiting = waiting.filter(ingestion_date__lte=until)
        order = ("ingestion_date", "file_id", "file_version", "disk_id")
        found += [Errand(each) for each in waiting.order_by(*order)[:left]] if left else []
        _mark([each.row for each in found], SENDING)
        BackLog.objects.filter(pk__in=[each.pk for each in again]).update(due=None)
    return found


def _again(row: BackLog) -> Errand | None:
    at = {"subscr_id": row.subscr_id, "file_id": row.file_id, "file_version": row.file_version}
    found = Delivery.objects.filter(**at, status__gt=DONE).first()
    if found is None:
        row.delete()
        return None
    return Errand(found, int(found.status), row.since, bool(row.unsure))


def _mark(rows: Iterable[Delivery], status: int) -> None:
    at = show_local(datetime.now(UTC))
    keys = [each.pk for each in rows]
    Delivery.objects.filter(pk__in=keys).update(status=status, status_date=at)


def _of(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        subscr_id=row.subscr_id,
        file_id=row.file_id,
        file_version=row.file_version,
        disk_id=row.disk_id,
    )


def _log_of(row: Delivery) -> QuerySet[BackLog]:
    return BackLog.objects.filter(
        subscr_id=row.subscr_id, file_id=row.file_id, file_version=row.file_version
    )


def finish(errand: Errand, comment: str) -> None:
    """It is delivered. `comment` has the rate."""
    row = errand.row
    now = show_local(datetime.now(UTC))
    with catalogue.turn():
        _of(row).update(status=DONE, status_date=now, comment=comment[:LONGEST_COMMENT])
        if errand.failures or errand.since:
            _log_of(row).delete()
        later = Q(last_file_ingestion_date__isnull=True) | Q(
            last_file_ingestion_date__lt=row.ingestion_date or ""
        )
        Subscriber.objects.filter(later, pk=row.subscr_id).update(
            last_file_ingestion_date=row.ingestion_date
        )


def skip(errand: Errand) -> None:
    """The subscription's filter does not want it."""
    with catalogue.turn():
        _of(errand.row).delete()
        _log_of(errand.row).delete()


def put_back(errand: Errand) -> None:
    """It was not tried after all."""
    with catalogue.turn():
        if errand.failures:
            _of(errand.row).update(status=errand.failures)
            _log_of(errand.row).update(due=datetime.now(UTC))
        else:
            _of(errand.row).update(status=WAITING)


def fail(
    errand: Errand, comment: str, *, again: timedelta | None, expires: timedelta, unsure: bool
) -> None:
    """It could not be delivered; it is tried `again` after so long, unless it has failed for longer
    than `expires`; None: never."""
    row, now = errand.row, datetime.now(UTC)
    since = errand.since or now
    over = again is None or now - since > expires
    said = f"given up: {comment}" if over else comment
    with catalogue.turn():
        there = _of(row).update(
            status=errand.failures + 1,
            status_date=show_local(now),
            comment=said[:LONGEST_COMMENT],
        )
        _log_of(row).delete()
        if there and not over:
            _note(errand, since, now + (again or timedelta()), unsure)


def _note(errand: Errand, since: datetime, due: datetime, unsure: bool) -> None:
    row = errand.row
    owner = Subscriber.objects.filter(pk=row.subscr_id).first()
    BackLog.objects.create(
        host_id=owner.host_id if owner else None,
        srv_port=owner.srv_port if owner else None,
        subscr_id=row.subscr_id,
        subscr_url=owner.subscr_url if owner else "",
        file_id=row.file_id,
        file_name=row.file_name,
        file_version=row.file_version,
        ingestion_date=row.ingestion_date,
        format=row.format,
        since=since,
        failures=errand.failures + 1,
        due=due,
        unsure=unsure,
    )


def recover(subscriber: str) -> list[Errand]:
    """What was being sent when this node ended, whoever it was, the oldest first: it may have
    arrived. What an older server left in the back-log is tried again."""
    with catalogue.turn():
        rows = Delivery.objects.filter(subscr_id=subscriber, status=SENDING)
        cut = list(rows.order_by("ingestion_date", "file_id", "file_version"))
        sending = {(each.file_id, int(each.file_version)) for each in cut}
        at_it: dict[FileKey, BackLog] = {}
        for row in BackLog.objects.filter(subscr_id=subscriber, due__isnull=True):
            key = (row.file_id, int(row.file_version))
            if key in sending:
                at_it[key] = row
            else:
                _adopt(row)
    return [_cut(row, at_it.get((row.file_id, int(row.file_version)))) for row in cut]


def _cut(row: Delivery, log: BackLog | None) -> Errand:
    if log is None:
        return Errand(row, unsure=True)
    return Errand(row, int(log.failures or 1), log.since, unsure=True)


def _adopt(log: BackLog) -> None:
    """A failure that an older server noted; without a copy there is nothing to send any more."""
    now = datetime.now(UTC)
    at = {"subscr_id": log.subscr_id, "file_id": log.file_id, "file_version": log.file_version}
    if not Delivery.objects.filter(**at).exists():
        copies = catalogue.copies(log.file_id, version=log.file_version)
        Delivery.objects.bulk_create([_delivery(log.subscr_id, each) for each in copies[:1]])
    Delivery.objects.filter(**at, status=WAITING).update(status=1)
    log.since, log.due, log.failures = log.since or now, now, log.failures or 1
    log.save(update_fields=["since", "due", "failures"])


def next_due(subscriber: str) -> datetime | None:
    """When something of this subscriber is tried again."""
    found = BackLog.objects.filter(subscr_id=subscriber, due__isnull=False)
    return found.order_by("due").values_list("due", flat=True).first()


def hasten(subscribers: Sequence[str]) -> None:
    """Try again now whatever failed."""
    with catalogue.turn():
        BackLog.objects.filter(subscr_id__in=subscribers, due__isnull=False).update(
            due=datetime.now(UTC)
        )


def counts(subscribers: Collection[str]) -> dict[str, dict[str, int]]:
    """How much waits, is being sent, is done and has failed, by subscriber."""
    found = {
        each: dict.fromkeys(("waiting", "sending", "done", "failed"), 0) for each in subscribers
    }
    rows = Delivery.objects.filter(subscr_id__in=subscribers).values_list("subscr_id", "status")
    for subscriber, status, number in rows.annotate(number=Count("file_id")):
        found[subscriber][_WORDS.get(status, "failed")] += number
    return found


_WORDS = {WAITING: "waiting", SENDING: "sending", DONE: "done"}


def undelivered(keys: Collection[FileKey]) -> set[FileKey]:
    """Which of these files some subscriber still waits for; what was given up waits for nobody."""
    # By subscriber too, because that is how both tables are indexed.
    wanted = {
        "subscr_id__in": list(Subscriber.objects.values_list("pk", flat=True)),
        "file_id__in": {file_id for file_id, _ in keys},
    }
    rows = Delivery.objects.filter(**wanted, status__in=(WAITING, SENDING))
    found = {
        (file_id, int(version))
        for table in (rows, BackLog.objects.filter(**wanted))
        for file_id, version in table.values_list("file_id", "file_version")
    }
    return found & set(keys)
