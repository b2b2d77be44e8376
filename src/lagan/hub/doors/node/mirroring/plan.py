"""What is to be fetched, durably: rows of `ngas_mirroring_queue`, each for one node of this
cluster.

A row says 0 while it waits, 1 while it is fetched, 2 when it is here, 3 when it failed and is tried
again, 4 when it was given up. Its `instance_id` is the node that fetches it: what that node was at
when it ended is found again by it. Source: reference/ngas-http.md sections 8 and 13.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from django.db.models import Q, QuerySet

from lagan.hub.doors.node.archival.file_info import FileInfo, of_attributes
from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.mirroring.listing import Attributes
from lagan.hub.doors.node.models import MirrorItem, StoredFile
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.hub.doors.node.wire.status import Node, lines
from lagan.kit.errors import BadInput, LaganError

READY, FETCHING, HERE, FAILED, GIVEN_UP = range(5)
CHUNK = 500
"""Files that are compared with the catalogue at once."""
KEPT = timedelta(days=1)
"""How long the row of a file that is here stays for people to see."""


@dataclass(slots=True)
class Tally:
    """What a list told: files in it, queued ones, those that are here with other content, those
    that no catalogue can hold; and the latest date of ingestion."""

    seen: int = 0
    queued: int = 0
    different: list[str] = field(default_factory=list)
    unfit: int = 0
    latest: str = ""


def number_of(server: str) -> int:
    """A server as `srv_list_id` says it."""
    return zlib.crc32(server.encode()) & 0x7FFFFFFF


def queue(
    files: Iterable[Attributes], *, server: str, targets: Sequence[str], again: bool
) -> Tally:
    """Queue what is in a server's list and not in this cluster, for its target nodes in turn;
    `again`: also what was given up before."""
    tally, turns = Tally(), count()
    for chunk in _chunks(files):
        missing = _missing(_infos(chunk, tally), tally, again=again)
        rows = [
            _row(attributes, info, targets[next(turns) % len(targets)], server)
            for info, attributes in missing
        ]
        with catalogue.turn():
            _clear([info for info, _ in missing])
            MirrorItem.objects.bulk_create(rows, ignore_conflicts=True)
        tally.queued += len(rows)
    return tally


def _chunks(files: Iterable[Attributes]) -> Iterator[list[Attributes]]:
    source = iter(files)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _infos(chunk: Sequence[Attributes], tally: Tally) -> list[tuple[FileInfo, Attributes]]:
    found = []
    for attributes in chunk:
        tally.seen += 1
        try:
            info = of_attributes(attributes)
        except (InvalidParameter, BadInput, LaganError):
            tally.unfit += 1
            continue
        tally.latest = max(tally.latest, info.ingested or "")
        found.append((info, attributes))
    return found


def _missing(
    infos: Sequence[tuple[FileInfo, Attributes]], tally: Tally, *, again: bool
) -> list[tuple[FileInfo, Attributes]]:
    """Those that are neither here nor on their way, each once."""
    ids = {info.file_id for info, _ in infos}
    here = _sums(ids)
    known = MirrorItem.objects.filter(file_id__in=ids)
    if again:
        known = known.exclude(status__in=(HERE, GIVEN_UP))
    coming = set(known.values_list("file_id", "file_version"))
    found: dict[tuple[str, int], tuple[FileInfo, Attributes]] = {}
    for info, attributes in infos:
        key = (info.file_id, info.version)
        if key in here:
            if info.checksum and not any(checksums.same(info.checksum, s) for s in here[key]):
                tally.different.append(f"{info.file_id}/{info.version}")
        elif key not in coming:
            found.setdefault(key, (info, attributes))
    return list(found.values())


def _sums(ids: Iterable[str]) -> Mapping[tuple[str, int], set[str | None]]:
    found: dict[tuple[str, int], set[str | None]] = {}
    rows = StoredFile.objects.filter(file_id__in=ids)
    for file_id, version, checksum in rows.values_list("file_id", "file_version", "checksum"):
        found.setdefault((file_id, version), set()).add(checksum)
    return found


def _row(attributes: Attributes, info: FileInfo, target: str, server: str) -> MirrorItem:
    now = show_local(datetime.now(UTC))
    return MirrorItem(
        instance_id=target,
        file_id=info.file_id,
        file_version=info.version,
        ingestion_date=(info.ingested or "")[:23] or None,
        srv_list_id=number_of(server),
        xml_file_info="".join(lines(Node("FileStatus", list(attributes.items())))),
        status=READY,
        scheduling_time=now,
        last_activity_time=now,
    )


def _clear(infos: Sequence[FileInfo]) -> None:
    """Drop what was said of these files before: they were given up, or are here no more."""
    keys = {(each.file_id, each.version) for each in infos}
    over = MirrorItem.objects.filter(
        file_id__in={file_id for file_id, _ in keys}, status__in=(HERE, GIVEN_UP)
    )
    gone = [each.pk for each in over if (each.file_id, int(each.file_version)) in keys]
    MirrorItem.objects.filter(pk__in=gone).delete()


def _at(row: MirrorItem) -> QuerySet[MirrorItem]:
    return MirrorItem.objects.filter(
        instance_id=row.instance_id, file_id=row.file_id, file_version=row.file_version
    )


def claim(host_id: str, most: int, retry_after: timedelta) -> list[MirrorItem]:
    """Take up to so many files that this node is to fetch now, the oldest first."""
    now = datetime.now(UTC)
    due = Q(status=READY) | Q(status=FAILED, last_activity_time__lte=show_local(now - retry_after))
    with catalogue.turn():
        rows = list(
            MirrorItem.objects.filter(due, instance_id=host_id).order_by(
                "ingestion_date", "file_id", "file_version"
            )[:most]
        )
        MirrorItem.objects.filter(pk__in=[each.pk for each in rows]).update(
            status=FETCHING, last_activity_time=show_local(now)
        )
    return rows


def finish(row: MirrorItem, message: str) -> None:
    """The file is here."""
    _set(row, HERE, message)


def fail(row: MirrorItem, message: str, give_up_after: timedelta) -> bool:
    """The file could not be fetched; whether it is given up."""
    latest = show_local(datetime.now(UTC) - give_up_after)
    over = (row.scheduling_time or "") <= latest
    _set(row, GIVEN_UP if over else FAILED, message)
    return over


def put_back(row: MirrorItem) -> None:
    """It was not tried after all."""
    _set(row, READY, "")


def recover(host_id: str) -> None:
    """What this node was fetching when it ended is fetched again."""
    with catalogue.turn():
        MirrorItem.objects.filter(instance_id=host_id, status=FETCHING).update(status=READY)


def waits(host_id: str) -> bool:
    """Whether this node has something to fetch, now or later."""
    return MirrorItem.objects.filter(
        instance_id=host_id, status__in=(READY, FETCHING, FAILED)
    ).exists()


def forget_old() -> None:
    """Drop rows of files that have been here for a while."""
    oldest = show_local(datetime.now(UTC) - KEPT)
    with catalogue.turn():
        MirrorItem.objects.filter(status=HERE, last_activity_time__lte=oldest).delete()


def _set(row: MirrorItem, status: int, message: str) -> None:
    with catalogue.turn():
        _at(row).update(
            status=status,
            message=message[:2000],
            last_activity_time=show_local(datetime.now(UTC)),
        )
