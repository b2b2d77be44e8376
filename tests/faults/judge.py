"""Says what a hub's catalogue and volumes hold, and whether they agree; a process of its own that
is asked again and again.

`python -m tests.faults.judge` with LAGAN_DATA: a line `look` is answered by the state of that
hub's archive, everything read and compared; `sweep` settles the volumes first; `copies`
counts good copies; `read DATASET` reads every version from a volume; `rebuild LOCATION...` fills an
empty catalogue from volumes and answers the same of it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from lagan.store import Damage, FileLine, Journal, VoidLine, open_volume


def look() -> dict[str, Any]:
    """The catalogue, and everything on the volumes that it does not account for."""
    from lagan.hub.archive.models import READABLE, Replica, Volume
    from lagan.hub.archive.services.scrubbing import objects_of, scrub
    from lagan.hub.ingest.models import RECEIVING, Upload

    wrong: list[str] = []
    for row in Volume.objects.filter(state__in=READABLE):
        store = open_volume(row.location)
        rows = Replica.objects.filter(volume=row)
        named = set(rows.values_list("object", flat=True))
        there = {each.name for each in store.list()}
        wrong += [f"{row.name}: nobody names {each}" for each in sorted(there - named)]
        wrong += [f"{row.name}: {each} is not there" for each in sorted(named - there)]
        kept = set(Upload.objects.filter(state=RECEIVING).values_list("key", flat=True))
        pending = {each.name for each in store.pending()}
        wrong += [f"{row.name}: left among the incoming: {each}" for each in pending - kept]
        wrong += [f"{row.name}: {each}" for each in _journal(store, set(_lines(rows)))]
        damaged = scrub(row, list(objects_of(row)), depth="full").damaged
        wrong += [f"{row.name}: damaged copy of {each}" for each in damaged]
    waiting = Upload.objects.filter(state=RECEIVING).count()
    return {
        "wrong": wrong,
        "waiting": waiting,
        "datasets": _datasets(),
        "copies": copies(),
        "objects": _objects(),
    }


def copies() -> dict[str, int]:
    """How many files have how many good copies."""
    from django.db.models import Count, Q

    from lagan.hub.archive.models import File

    rows = File.objects.annotate(n=Count("replicas", filter=Q(replicas__state="good")))
    return dict(Counter(str(n) for n in rows.values_list("n", flat=True)))


def read(dataset: int) -> dict[str, Any]:
    """All versions of every path of a dataset, with the SHA-256 of the bytes on a volume."""
    from lagan.hub.archive import queries
    from lagan.hub.archive.models import File

    found: dict[str, list[Any]] = defaultdict(list)
    for each in File.objects.filter(belongs__dataset=dataset).order_by("version"):
        place = queries.locate(each.id)
        pieces = place.store.read(place.object, place.offset, place.length)
        digest = hashlib.sha256(b"".join(map(bytes, pieces))).hexdigest()
        found[each.belongs["path"]].append([each.version, digest])
    return found


def _lines(rows: Any) -> Any:
    return rows.values_list("line", "object", "offset", "length")


def _journal(store: Any, named: set[Any]) -> list[str]:
    """How the lines that count differ from the rows."""
    lines = list(Journal(store).entries())
    void = {each.id for each in lines if isinstance(each, VoidLine)}
    counting = {
        (each.id, each.object, each.offset, each.length)
        for each in lines
        if isinstance(each, FileLine) and each.id not in void
    }
    damage = [
        f"journal line {each.line}: {each.reason}" for each in lines if isinstance(each, Damage)
    ]
    more = [f"the journal alone has {each}" for each in sorted(map(str, counting - named))]
    return [*damage, *more, *(f"no line of {each}" for each in sorted(map(str, named - counting)))]


def _objects() -> dict[str, str]:
    """What sites keep: names and digests."""
    from lagan.hub.targets.models import TargetObject

    rows = TargetObject.objects.values_list("name", "stored__sha256")
    return {name: digest or "" for name, digest in rows}


def _datasets() -> dict[str, Any]:
    """Each dataset: name, owner, current entries, and all versions of every path."""
    from lagan.hub.archive.models import File
    from lagan.hub.datasets.models import Dataset, Entry

    versions: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for each in File.objects.filter(belongs__has_key="dataset").order_by("version", "stored_at"):
        versions[each.belongs["dataset"]][each.belongs["path"]].append([each.version, each.sha256])
    current: dict[Any, dict[str, Any]] = defaultdict(dict)
    for entry in Entry.objects.all():
        current[entry.dataset_id][entry.path] = [entry.version, entry.sha256]
    return {
        str(row.pk): {
            "name": row.entity.name,
            "owner": row.owner.name,
            "files": row.file_count,
            "current": current[row.pk],
            "versions": versions[row.pk],
        }
        for row in Dataset.objects.select_related("entity", "owner")
    }


def rebuild(locations: list[str], data: Path) -> dict[str, Any]:
    """An empty catalogue filled from the volumes."""
    from django.db import connections

    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.ops.first_start import prepare_hub

    base, empty = data / "hub.sqlite3", data / "empty.sqlite3"
    connections.close_all()
    for old in data.glob("hub.sqlite3*"):
        old.unlink()
    if empty.exists():
        shutil.copy(empty, base)
    else:
        prepare_hub()
        connections.close_all()
        shutil.copy(base, empty)
    done = services.rebuild(by=SYSTEM, locations=locations)
    strange = [*done.damage, *done.conflicts, *done.unclaimed, *done.away]
    strange += [f"{done.missing} missing"] if done.missing else []
    strange += [f"{done.claimed} claimed"] if done.claimed else []
    return {"wrong": strange, "waiting": 0, "datasets": _datasets(), "objects": _objects()}


def main() -> None:
    from lagan.hub.ops.settings import set_up_django

    data = set_up_django().data
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM

    for line in sys.stdin:
        word, *locations = json.loads(line)
        if word == "sweep":
            services.sweep(by=SYSTEM, starting=True)
        if word == "rebuild":
            told = rebuild(locations, data)
        elif word == "read":
            told = read(int(locations[0]))
        else:
            told = copies() if word == "copies" else look()
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
