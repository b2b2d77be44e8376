"""What sites keep outlives the database: how objects, notes and who is together come back from what
the volumes' journals say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import Count, Sum

from lagan.hub.base import bulk
from lagan.hub.targets import notes, removing
from lagan.hub.targets.landing import COLUMNS, SOME
from lagan.hub.targets.models import Participant, TargetObject
from lagan.hub.targets.sharing import TOGETHER, adopt_together, participant
from lagan.store.journal import FileLine, NoteLine


def adopt(lines: Sequence[FileLine | NoteLine]) -> None:
    """Take in what the journals know of objects and notes, and the database does not. Safe to
    repeat."""
    for line in lines:
        if isinstance(line, NoteLine) and line.kind == notes.KIND:
            owner = participant(line.data["target"], line.data["site"])
            told = datetime.fromisoformat(line.data["told"])
            notes.adopt(owner, dict(line.data), told)
        elif isinstance(line, NoteLine) and line.kind == TOGETHER:
            adopt_together(line.data)
        elif isinstance(line, NoteLine) and line.kind == removing.GONE:
            removing.adopt(line.data)
    files = [each for each in lines if isinstance(each, FileLine) and _is_ours(each)]
    for start in range(0, len(files), SOME):
        _adopt_files(files[start : start + SOME])
    for owner in Participant.objects.all():
        _recount(owner)


def _is_ours(line: FileLine) -> bool:
    return {"target", "site", "name"} <= line.belongs.keys()


def _adopt_files(lines: Sequence[FileLine]) -> None:
    """The newest of each name counts; a file that an older catalogue removed may come back so."""
    known = set(
        TargetObject.objects.filter(stored__in=[each.id for each in lines]).values_list(
            "stored", flat=True
        )
    )
    fresh: dict[tuple[int, str], tuple[object, ...]] = {}
    for line in lines:
        if line.id in known:
            continue
        owner = participant(line.belongs["target"], line.belongs["site"])
        at = datetime.fromtimestamp(line.stored_at, UTC)
        name = line.belongs["name"]
        older = TargetObject.objects.filter(target=owner.target_id, name=name)
        if older.filter(stored_at__gt=at).exists():
            continue
        older.delete()
        key = line.belongs.get("upload", "")
        size = line.digests.size
        fresh[owner.target_id, name] = (*(owner.target_id, owner.pk, name, line.id, size, at, key),)
    bulk.insert(TargetObject, list(fresh.values()), COLUMNS)


def _recount(owner: Participant) -> None:
    rows = TargetObject.objects.filter(owner=owner)
    found = rows.aggregate(count=Count("id"), bytes=Sum("size"))
    Participant.objects.filter(pk=owner.pk).update(
        objects_count=found["count"], objects_bytes=found["bytes"] or 0
    )
