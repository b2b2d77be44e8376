"""The queries that QUERY knows: which rows, which columns in which order.

Source: reference/ngas-http.md sections 4.5 and 13. Better than there: all of them work, columns
carry their own names, and rows come by key, so that any number of them takes little memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, F, Func, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models import Sum as Total
from django.db.models import Value as Given

from lagan.hub.doors.node.files.keyset import DATED_KEY, FILE_KEY, by_key
from lagan.hub.doors.node.models import Disk, Host, StoredFile, Subscriber
from lagan.hub.doors.node.wire.requests import Request

Row = Sequence[Any]
MIB = 1_048_576.0
RECENT = 300
"""Rows of `files_list_recent`, as the archive server has it."""

FILES = (
    *("disk_id", "file_name", "file_id", "file_version", "format", "file_size"),
    *("uncompressed_file_size", "compression", "ingestion_date", "file_ignore", "checksum"),
    *("checksum_plugin", "file_status", "creation_date", "io_time", "ingestion_rate"),
    "container_id",
)
DISKS = (
    *("disk_id", "archive", "logical_name", "host_id", "slot_id", "mounted", "mount_point"),
    *("number_of_files", "available_mb", "bytes_stored", "type", "capacity_mb", "manufacturer"),
    *("installation_date", "checksum", "total_disk_write_time", "completed", "completion_date"),
    *("last_check", "last_host_id"),
)
HOSTS = (
    *("host_id", "domain", "ip_address", "mac_address", "n_slots", "cluster_name"),
    *("installation_date", "srv_version", "srv_port", "srv_archive", "srv_retrieve"),
    *("srv_process", "srv_remove", "srv_data_checking", "srv_state", "srv_suspended"),
    *("srv_req_wake_up_srv", "srv_req_wake_up_time"),
)
SUBSCRIBERS = (
    *("host_id", "srv_port", "subscr_prio", "subscr_id", "subscr_url", "subscr_start_date"),
    *("subscr_filter_plugin", "subscr_filter_plugin_pars", "last_file_ingestion_date"),
    "concurrent_threads",
)
LOCATION = ("host_id", "file_full_path", "file_version", "ingestion_date")
LAST_LOCATION = ("host_id", "file_full_path", "file_version", "creation_date", "ingestion_date")
STATS = ("Number of files", "Total volume [MB]")
NEWS = ("file_id", "file_name", "file_size", "ingestion_date")


@dataclass(frozen=True, slots=True)
class Listing:
    """A query: the names of its columns and its rows for a request."""

    columns: Sequence[str]
    rows: Callable[[Request], Iterable[Row]]


def like(rows: QuerySet[Any, Any], column: str, pattern: str) -> QuerySet[Any, Any]:
    """Rows whose column is LIKE a pattern with % and _; nothing escapes them."""
    if pattern == "%":
        return rows
    # Without an escape character no pattern is wrong; SQLite has none unless told.
    none = " ESCAPE ''" if connection.vendor == "postgresql" else ""
    return rows.filter(
        Func(
            F(column),
            Given(pattern),
            template=f"%(expressions)s{none}",
            arg_joiner=" LIKE ",
            output_field=BooleanField(),
        )
    )


def _pattern(request: Request) -> str:
    return request.get("like", "%")


def _between(request: Request) -> Iterator[Row]:
    """Either date may be absent."""
    rows = StoredFile.objects.all()
    if request.has("start"):
        rows = rows.filter(ingestion_date__gte=request.get("start"))
    if request.has("end"):
        rows = rows.filter(ingestion_date__lte=request.get("end"))
    dated = request.has("start") or request.has("end")
    return by_key(rows, FILES, DATED_KEY if dated else FILE_KEY)


def _since(request: Request) -> Iterator[Row]:
    rows = StoredFile.objects.filter(ingestion_date__gte=request.get("start"))
    return by_key(rows, FILES, DATED_KEY)


_PLACED = ("disk_id", "file_name", "file_version", "creation_date", "ingestion_date")


def _located(request: Request) -> Iterator[Row]:
    rows = like(StoredFile.objects.all(), "file_id", _pattern(request))
    for host, path, version, _, ingested in _places(rows):
        yield host, path, version, ingested


def _last_located(request: Request) -> Iterator[Row]:
    rows = like(StoredFile.objects.all(), "file_id", _pattern(request))
    latest = (
        StoredFile.objects.filter(file_id=OuterRef("file_id"))
        .order_by()
        .values("file_id")
        .annotate(latest=Max("file_version"))
        .values("latest")
    )
    return _places(rows.filter(file_version=Subquery(latest)))


def _places(rows: QuerySet[StoredFile]) -> Iterator[tuple[Any, ...]]:
    """With the host and the whole path of each in place of disk and name."""
    known: dict[str, tuple[str | None, str | None]] = {}
    for disk_id, name, *rest in by_key(rows, _PLACED):
        if disk_id not in known:
            found = Disk.objects.filter(pk=disk_id).values_list("host_id", "mount_point").first()
            known[disk_id] = found or (None, None)
        host, mounted = known[disk_id]
        yield host, f"{mounted or ''}/{name}", *rest


def _stats(_: Request) -> Iterator[Row]:
    found = StoredFile.objects.aggregate(
        files=Count("file_id"), size=Total("uncompressed_file_size")
    )
    yield found["files"], float(found["size"] or 0) / MIB


def _recent(_: Request) -> Iterable[Row]:
    return (
        StoredFile.objects.filter(~Q(ingestion_date=None))
        .order_by("-ingestion_date", *FILE_KEY)
        .values_list(*NEWS)[:RECENT]
    )


QUERIES: dict[str, Listing] = {
    "files_list": Listing(FILES, lambda _: by_key(StoredFile.objects.all(), FILES)),
    "files_like": Listing(
        FILES,
        lambda asked: by_key(like(StoredFile.objects.all(), "file_id", _pattern(asked)), FILES),
    ),
    "files_location": Listing(LOCATION, _located),
    "lastver_location": Listing(LAST_LOCATION, _last_located),
    "files_between": Listing(FILES, _between),
    "files_greater": Listing(FILES, _since),
    "files_stats": Listing(STATS, _stats),
    "files_list_recent": Listing(NEWS, _recent),
    "disks_list": Listing(DISKS, lambda _: by_key(Disk.objects.all(), DISKS, ["disk_id"])),
    "hosts_list": Listing(HOSTS, lambda _: by_key(Host.objects.all(), HOSTS, ["host_id"])),
    "subscribers_list": Listing(
        SUBSCRIBERS, lambda _: by_key(Subscriber.objects.all(), SUBSCRIBERS, ["subscr_id"])
    ),
    "subscribers_like": Listing(
        SUBSCRIBERS,
        lambda asked: by_key(
            like(Subscriber.objects.all(), "host_id", _pattern(asked)), SUBSCRIBERS, ["subscr_id"]
        ),
    ),
}
