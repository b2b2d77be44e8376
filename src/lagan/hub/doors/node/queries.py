"""How the archive's nodes, their volumes, subscriptions and files are, for those who administer
them.

Read from the catalogue that the nodes share; it is the hub's own database when `Db` of the nodes
names that. Times are the catalogue's texts: local to the node that wrote them, without a zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db.models import Count, OuterRef, Q, Subquery, Sum

from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.doors.node.models import (
    Container,
    Delivery,
    Disk,
    DiskEvent,
    Host,
    Proof,
    StoredFile,
    Subscriber,
)
from lagan.kit.errors import BadInput, NotFound

MIB = 1 << 20
MARKED = Q(file_status__gte="1")
"""Copies whose first flag says that they are damaged."""
WAITING, SENDING, FAILED = "waiting", "sending", "failed"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A node's check of its data: `running` now, when it began and ended, files and bytes of the
    last run, `remaining` seconds that the node expects it to take yet."""

    running: bool
    started: str
    ended: str
    remaining: int | None
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of the cluster. `state` is ONLINE, OFFLINE, NOT-RUNNING or SUSPENDED; `may` are those
    of archive, retrieve, process and remove that it is configured for; `volumes`, `files` and
    `bytes` are those mounted there."""

    id: str
    state: str
    address: str
    version: str
    cluster: str
    may: Sequence[str]
    check: CheckRun
    volumes: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A disk. `host`, `slot` and `place` are empty while it is mounted nowhere; sizes are bytes,
    `available` and `capacity` as of the last time that a node looked; `damaged` counts copies."""

    id: str
    name: str
    archive: str
    type: str
    host: str
    last_host: str
    slot: str
    place: str
    mounted: bool
    completed: bool
    completed_at: str
    installed: str
    checked: str
    files: int
    bytes: int
    available: int
    capacity: int
    damaged: int


@dataclass(frozen=True, slots=True)
class VolumeEvent:
    """Something that happened to a disk, and what told it."""

    at: str
    origin: str
    what: str
    description: str


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """Who is sent new files, and how many are on their way: `waiting`, `sending`, and `failed` to
    be tried again. `error` is what was said of the last failure."""

    id: str
    url: str
    host: str
    priority: int
    since: str
    filter: str
    at_once: int
    waiting: int
    sending: int
    failed: int
    error: str


@dataclass(frozen=True, slots=True)
class DamageRow:
    """A copy that is not as it should be; `seen` is when that was found."""

    file_id: str
    version: int
    volume: str
    name: str
    size: int
    finding: str
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class CheckEvent:
    """Copies found damaged, or healed. `number` is the event's in the record."""

    number: int
    at: datetime
    what: str
    by: str
    data: Mapping[str, Any]


def nodes() -> list[NodeRow]:
    """Every node that ever joined, by its id: clusters have tens of them."""
    on = _mounted()
    return [_node(each, on) for each in Host.objects.order_by("host_id")[:1000]]


def node(id: str) -> NodeRow:  # noqa: A002
    """One of them. NotFound."""
    found = Host.objects.filter(pk=id).first()
    if found is None:
        raise NotFound(f"There is no node {id[:200]}.")
    return _node(found, _mounted(id))


def volumes(*, host: str = "", after: str | None = None, size: int = 50) -> Page[VolumeRow]:
    """Disks by id, those of one node if it is named."""
    rows = Disk.objects.filter(host_id=host) if host else Disk.objects.all()
    page = page_by_key(rows, keys=("disk_id",), after=after, size=size)
    damaged = _damaged(each.disk_id for each in page.items)
    return Page([_volume(each, damaged) for each in page.items], page.next)


def volume(id: str) -> VolumeRow:  # noqa: A002
    """One disk. NotFound."""
    found = Disk.objects.filter(pk=id).first()
    if found is None:
        raise NotFound(f"There is no volume {id[:200]}.")
    return _volume(found, _damaged([id]))


def volume_events(id: str, *, after: str | None = None, size: int = 50) -> Page[VolumeEvent]:  # noqa: A002
    """What happened to a disk, the last first. NotFound."""
    volume(id)
    rows = DiskEvent.objects.filter(disk_id=id)
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([_event(each) for each in page.items], page.next)


def subscriptions(*, after: str | None = None, size: int = 50) -> Page[SubscriptionRow]:
    """Who is sent new files, by id."""
    failed = Delivery.objects.filter(_WAITS[FAILED], subscr_id=OuterRef("subscr_id"))
    last = Subquery(failed.order_by("-status_date").values("comment")[:1])
    rows = Subscriber.objects.annotate(error=last)
    page = page_by_key(rows, keys=("subscr_id",), after=after, size=size)
    queues = _queues([each.subscr_id for each in page.items])
    return Page([_subscription(each, queues) for each in page.items], page.next)


def damage(*, volume: str = "", after: str | None = None, size: int = 50) -> Page[DamageRow]:
    """Copies that are not as they should be, by volume and file."""
    rows = StoredFile.objects.filter(MARKED)
    rows = rows.filter(disk_id=volume) if volume else rows
    keys = ("disk_id", "file_id", "file_version")
    page = page_by_key(rows, keys=keys, after=after, size=size)
    known = _proofs(page.items)
    return Page([_damage(each, known) for each in page.items], page.next)


def check_events(*, after: str | None = None, size: int = 50) -> Page[CheckEvent]:
    """What checks found and healed, the last first; what happened just now may be missing yet."""
    before = None if not after else _number(after)
    found = audit.sealed_before(before, (Kind.NODE_DAMAGED, Kind.NODE_HEALED), size + 1)
    items = [
        CheckEvent(each.sequence, each.at, each.kind.rpartition(".")[2], each.actor, each.data)
        for each in found[:size]
    ]
    return Page(items, str(items[-1].number) if len(found) > size else None)


def damaged_copies() -> int:
    """How many copies are damaged in all; an index has only these."""
    return StoredFile.objects.filter(MARKED).count()


def root_containers(*, after: str | None = None, size: int = 50) -> Page[Container]:
    """Containers that are in no other, by id."""
    rows = Container.objects.filter(Q(parent_container_id=None) | Q(parent_container_id=""))
    return page_by_key(rows, keys=("container_id",), after=after, size=size)


_COUNTED = {
    "volumes": Count("disk_id"),
    "files": Sum("number_of_files"),
    "bytes": Sum("bytes_stored"),
}
Mounted = dict[str, dict[str, int]]


def _mounted(host: str | None = None) -> Mounted:
    rows = Disk.objects.filter(mounted=1)
    rows = rows if host is None else rows.filter(host_id=host)
    found = rows.values_list("host_id").annotate(**_COUNTED)
    return {
        host or "": dict(zip(_COUNTED, [int(each or 0) for each in counted], strict=True))
        for host, *counted in found
    }


def _node(row: Host, on: Mounted) -> NodeRow:
    may = {
        "archive": row.srv_archive,
        "retrieve": row.srv_retrieve,
        "process": row.srv_process,
        "remove": row.srv_remove,
    }
    counted = on.get(row.host_id, dict.fromkeys(_COUNTED, 0))
    return NodeRow(
        id=row.host_id,
        state="SUSPENDED" if row.srv_suspended else row.srv_state or "NOT-RUNNING",
        address=f"{row.ip_address or ''}:{row.srv_port or ''}",
        version=row.srv_version or "",
        cluster=row.cluster_name or "",
        may=[name for name, allowed in may.items() if allowed],
        check=_check(row),
        **counted,
    )


def _check(row: Host) -> CheckRun:
    return CheckRun(
        running=bool(row.srv_data_checking),
        started=row.srv_check_start or "",
        ended=row.srv_check_end or "",
        remaining=row.srv_check_remain,
        files=row.srv_check_files or 0,
        bytes=round((row.srv_checked_mb or 0) * MIB),
    )


def _damaged(disks: Iterable[str]) -> dict[str, int]:
    rows = StoredFile.objects.filter(MARKED, disk_id__in=list(disks)).values_list("disk_id")
    return dict(rows.annotate(copies=Count("file_id")))


def _volume(row: Disk, damaged: dict[str, int]) -> VolumeRow:
    return VolumeRow(
        id=row.disk_id,
        name=row.logical_name or row.disk_id,
        archive=row.archive or "",
        type=row.type or "",
        host=row.host_id or "",
        last_host=row.last_host_id or "",
        slot=row.slot_id or "",
        place=row.mount_point or "",
        mounted=bool(row.mounted),
        completed=bool(row.completed),
        completed_at=row.completion_date or "",
        installed=row.installation_date or "",
        checked=row.last_check or "",
        files=row.number_of_files,
        bytes=row.bytes_stored,
        available=row.available_mb * MIB,
        capacity=(row.capacity_mb or 0) * MIB,
        damaged=damaged.get(row.disk_id, 0),
    )


def _event(row: DiskEvent) -> VolumeEvent:
    return VolumeEvent(row.hist_date, row.hist_origin, row.hist_synopsis, row.hist_descr or "")


_WAITS = {WAITING: Q(status=-2), SENDING: Q(status=-1), FAILED: Q(status__gt=0)}


def _queues(ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Files on their way by subscription and state; those that arrived are not looked at."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for state, which in _WAITS.items():
        rows = Delivery.objects.filter(which, subscr_id__in=ids).values_list("subscr_id")
        for id, files in rows.annotate(files=Count("file_id")):  # noqa: A001
            found[id][state] = files
    return found


def _subscription(row: Any, queues: dict[str, dict[str, int]]) -> SubscriptionRow:
    queue = queues.get(row.subscr_id, {})
    return SubscriptionRow(
        id=row.subscr_id,
        url=_without_secrets(row.subscr_url),
        host=row.host_id or "",
        priority=row.subscr_prio or 0,
        since=row.subscr_start_date or "",
        filter=row.subscr_filter_plugin or "",
        at_once=row.concurrent_threads or 1,
        waiting=queue.get(WAITING, 0),
        sending=queue.get(SENDING, 0),
        failed=queue.get(FAILED, 0),
        error=row.error or "",
    )


def _without_secrets(url: str) -> str:
    """The address without a user and password that somebody wrote into it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _proofs(rows: Sequence[StoredFile]) -> dict[tuple[str, int, str], Proof]:
    found = Proof.objects.filter(
        file_id__in={each.file_id for each in rows}, disk_id__in={each.disk_id for each in rows}
    )
    return {(each.file_id, each.file_version, each.disk_id): each for each in found}


def _damage(row: StoredFile, known: dict[tuple[str, int, str], Proof]) -> DamageRow:
    proof = known.get((row.file_id, row.file_version, row.disk_id))
    return DamageRow(
        file_id=row.file_id,
        version=row.file_version,
        volume=row.disk_id,
        name=row.file_name,
        size=row.file_size,
        finding=proof.finding if proof else "",
        seen=proof.checked_at if proof else None,
    )


def _number(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise BadInput("This cursor was not made by this list.", cursor=cursor[:100])
    return int(cursor)
