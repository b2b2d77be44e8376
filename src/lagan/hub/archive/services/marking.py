"""What was found of copies goes into the catalogue here, and new damage into the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lagan.hub.archive import rules
from lagan.hub.archive.models import Depth, Replica, ReplicaState, Volume
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM
from lagan.store import Finding

STATES = {
    "good": ReplicaState.GOOD,
    "missing": ReplicaState.MISSING,
    "damaged": ReplicaState.BAD,
    "unreachable": ReplicaState.SUSPECT,
}
"""What a look found, as the state of the copy. `unreachable` means so only of a volume that is
present."""
NAMED = 500
"""Files named in one event at most; an object with more has several events."""


@dataclass(frozen=True, slots=True)
class Look:
    """One copy, as it was when it was looked at, and what was found."""

    replica: Replica
    finding: Finding


def mark(volume: Volume, looks: Sequence[Look], depth: Depth) -> list[Replica]:
    """Set the copies of one volume to what was found; those that are not good now.

    A copy that moved meanwhile stays as it is: what was looked at is no longer it. A copy that was
    good
    before and is not now is recorded as damaged, once.
    """
    with transaction.atomic():
        rows = {row.id: row for row in locked(each.replica.id for each in looks)}
        current = [each for each in looks if _same_place(each.replica, rows.get(each.replica.id))]
        fresh = [each for each in current if rows[each.replica.id].state == ReplicaState.GOOD]
        _update(current, depth)
        _record(volume, [each for each in fresh if not each.finding.good])
    return [each.replica for each in current if not each.finding.good]


def locked(ids: Iterable[int]) -> Iterator[Replica]:
    """The copies' rows, locked until the transaction ends, in the order of their ids."""
    for some in rules.slices(sorted(ids)):
        yield from Replica.objects.select_for_update().filter(id__in=some).order_by("id")


def _same_place(looked_at: Replica, now: Replica | None) -> bool:
    return now is not None and (now.object, now.offset) == (looked_at.object, looked_at.offset)


def _update(looks: Sequence[Look], depth: Depth) -> None:
    now = datetime.now(UTC)
    for found, state in STATES.items():
        ids = [each.replica.id for each in looks if each.finding.state == found]
        seen = {"verified_at": now, "depth": depth} if state == ReplicaState.GOOD else {}
        for some in rules.slices(ids):
            Replica.objects.filter(id__in=some).update(state=state, **seen)


def _record(volume: Volume, looks: Sequence[Look]) -> None:
    by_what: dict[tuple[str, str, str], list[UUID]] = {}
    for each in looks:
        what = (each.replica.object, each.finding.state, each.finding.reason)
        by_what.setdefault(what, []).append(each.replica.file_id)
    for (name, state, reason), files in by_what.items():
        facts = {"object": name, "found": state, "reason": reason}
        record_files_event(Kind.FILE_DAMAGED, volume, files, facts)


def record_files_event(
    kind: Kind, volume: Volume, files: Iterable[UUID], facts: Mapping[str, Any]
) -> None:
    """Record an act of the archive's own on copies, at most 500 files an event."""
    for some in rules.slices(map(str, files), NAMED):
        data = {"volume": volume.name, "files": some, **facts}
        record(kind=kind, by=SYSTEM, data=data)


def mark_all(looks: Sequence[Look]) -> list[Replica]:
    """`mark` for copies of several volumes, after full looks."""
    by_volume: dict[UUID, list[Look]] = {}
    for each in looks:
        by_volume.setdefault(each.replica.volume_id, []).append(each)
    return [
        row for some in by_volume.values() for row in mark(some[0].replica.volume, some, Depth.FULL)
    ]
