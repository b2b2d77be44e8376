"""Files join their datasets: many at once, in the store writer's transaction, each with its own
outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef

from lagan.hub.base import bulk
from lagan.hub.datasets.counting import Ledger
from lagan.hub.datasets.errors import NotOpen, OverQuota
from lagan.hub.datasets.models import OPEN, Dataset, Entry, RemovedEntry
from lagan.hub.datasets.rules import Current, Place, place
from lagan.kit.digests import Digests

_PATHS_A_QUERY = 900
"""SQLite takes 32,766 parameters and older ones 999; one query for 900 paths costs no more than
for 100."""

_COLUMNS = (
    *("dataset", "path", "stored", "file_id", "version"),
    *("size", "sha256", "crc32", "mtime_ns", "added_at"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is durable on a volume and wants to be `path` of `dataset`."""

    dataset: int
    path: str
    id: UUID
    digests: Digests
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Attached:
    """What became of an arrival: `stored` under `place`, or `present` already, as `stored` says."""

    place: Place
    stored: UUID


Outcome = Attached | NotOpen | OverQuota


def attach(arrivals: Sequence[Arrival], *, at: datetime) -> list[Outcome]:
    """Give every arrival its path, in order; call inside the transaction that also records the
    files.

    Datasets are locked in the order of their ids. Later arrivals for the same path see the earlier
    ones.
    """
    open_ones, with_removed = _lock({each.dataset for each in arrivals})
    now = _current(arrivals, open_ones)
    if with_removed:
        now |= _removed(arrivals, with_removed)
    fresh: dict[tuple[int, str], Arrival] = {}
    ledger = Ledger(open_ones)
    outcomes = [_attach_one(each, open_ones, now, fresh, ledger) for each in arrivals]
    _write(now, fresh, at)
    if with_removed:
        _forget_removed(fresh)
    ledger.write()
    _count(arrivals, outcomes)
    return outcomes


def _lock(ids: Iterable[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Those that are open, and those of them that have removed entries, which few have."""
    rows = Dataset.objects.filter(pk__in=sorted(ids)).order_by("pk").select_for_update(of=("self",))
    removed = Exists(RemovedEntry.objects.filter(dataset=OuterRef("pk")))
    found = list(rows.annotate(removed=removed).values_list("pk", "state", "removed"))
    open_ones = frozenset(pk for pk, state, _ in found if state == OPEN)
    return open_ones, open_ones & {pk for pk, _, removed in found if removed}


def _current(
    arrivals: Sequence[Arrival], datasets: frozenset[int]
) -> dict[tuple[int, str], Current]:
    found: dict[tuple[int, str], Current] = {}
    for dataset in datasets:
        paths = iter({each.path for each in arrivals if each.dataset == dataset})
        while some := list(islice(paths, _PATHS_A_QUERY)):
            rows = Entry.objects.filter(dataset=dataset, path__in=some)
            columns = ("path", "id", "stored_id", "file_id", "version", "size", "sha256")
            for path, *facts in rows.values_list(*columns):
                found[dataset, path] = Current(*facts)
    return found


def _removed(
    arrivals: Sequence[Arrival], datasets: frozenset[int]
) -> dict[tuple[int, str], Current]:
    found: dict[tuple[int, str], Current] = {}
    for dataset in datasets:
        paths = iter({each.path for each in arrivals if each.dataset == dataset})
        while some := list(islice(paths, _PATHS_A_QUERY)):
            rows = RemovedEntry.objects.filter(dataset=dataset, path__in=some)
            for path, file_id, version in rows.values_list("path", "file_id", "version"):
                # Nothing is compared with it: what comes back is stored as a new version.
                found[dataset, path] = Current(0, UUID(int=0), file_id, version, -1, None, True)
    return found


def _forget_removed(fresh: Iterable[tuple[int, str]]) -> None:
    paths: dict[int, list[str]] = {}
    for dataset, path in fresh:
        paths.setdefault(dataset, []).append(path)
    for dataset, wanted in paths.items():
        for start in range(0, len(wanted), _PATHS_A_QUERY):
            some = wanted[start : start + _PATHS_A_QUERY]
            RemovedEntry.objects.filter(dataset=dataset, path__in=some).delete()


def _attach_one(
    each: Arrival,
    datasets: frozenset[int],
    now: dict[tuple[int, str], Current],
    fresh: dict[tuple[int, str], Arrival],
    ledger: Ledger,
) -> Outcome:
    if each.dataset not in datasets:
        return NotOpen(
            f"Dataset {each.dataset} is not open; it takes no more files.", dataset=each.dataset
        )
    key = each.dataset, each.path
    before = now.get(key)
    decided = place(before, new_id=each.id, size=each.digests.size, sha256=each.digests.sha256)
    if decided.kind == "present" and before is not None:
        return Attached(decided, before.stored)
    added = int(decided.kind == "new")
    if refusal := ledger.take(each.dataset, files=added, size=each.digests.size):
        return refusal
    entry = before.entry if before else 0
    now[key] = Current(
        entry, each.id, decided.file_id, decided.version, each.digests.size, each.digests.sha256
    )
    fresh[key] = each
    return Attached(decided, each.id)


def _write(
    now: Mapping[tuple[int, str], Current], fresh: Mapping[tuple[int, str], Arrival], at: datetime
) -> None:
    rows = [(now[key], each) for key, each in fresh.items()]
    bulk.insert(Entry, list(_values((row for row in rows if not row[0].entry), at)), _COLUMNS)
    changed = [row for row in rows if row[0].entry]
    if changed:
        _replace(changed, at)


def _values(rows: Iterable[tuple[Current, Arrival]], at: datetime) -> Iterator[tuple[object, ...]]:
    for now, each in rows:
        digests = each.digests
        yield (
            each.dataset, each.path, each.id, now.file_id, now.version,
            digests.size, digests.sha256, digests.crc32, each.mtime_ns, at,
        )  # fmt: skip


def _replace(rows: Sequence[tuple[Current, Arrival]], at: datetime) -> None:
    entries = [
        Entry(
            id=now.entry,
            stored_id=each.id,
            version=now.version,
            size=each.digests.size,
            sha256=each.digests.sha256,
            crc32=each.digests.crc32,
            mtime_ns=each.mtime_ns,
            added_at=at,
        )
        for now, each in rows
    ]
    fields = ["stored", "version", "size", "sha256", "crc32", "mtime_ns", "added_at"]
    Entry.objects.bulk_update(
        entries, fields, batch_size=100 if connection.vendor == "sqlite" else 1000
    )


def _count(arrivals: Sequence[Arrival], outcomes: Sequence[Outcome]) -> None:
    totals: dict[int, list[int]] = {}
    for each, outcome in zip(arrivals, outcomes, strict=True):
        if isinstance(outcome, Attached) and outcome.place.kind != "present":
            total = totals.setdefault(each.dataset, [0, 0])
            total[0] += outcome.place.kind == "new"
            total[1] += each.digests.size
    for dataset, (files, size) in totals.items():
        rows = Dataset.objects.filter(pk=dataset)
        rows.update(file_count=F("file_count") + files, bytes=F("bytes") + size)
