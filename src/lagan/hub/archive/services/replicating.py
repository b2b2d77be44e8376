"""Every file gets a verified copy on each volume of its storage set that lacks one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef

from lagan.hub.archive import rules
from lagan.hub.archive.errors import NoGoodCopy
from lagan.hub.archive.models import (
    Replica,
    ReplicaState,
    Volume,
    VolumeRole,
    VolumeState,
)
from lagan.hub.archive.services.copies import Brought, Errand, bring
from lagan.hub.archive.services.marking import mark_all
from lagan.hub.archive.services.wanted import set_of, wanted_volumes
from lagan.kit.errors import LaganError


@dataclass(slots=True)
class Outcome:
    """What became of files: those that could not be done and why, those that needed nothing, bytes
    copied."""

    failed: dict[UUID, LaganError] = field(default_factory=dict)
    needless: set[UUID] = field(default_factory=set)
    damaged: set[UUID] = field(default_factory=set)
    bytes: int = 0


def replicate(
    files: Sequence[UUID], *, progress: Callable[[int], object] = lambda count: None
) -> Outcome:
    """Copy each file to every online volume of its storage set without a copy of it.

    A copy that is there but not good is healing's business. `progress` is told each number of bytes
    copied.
    """
    outcome = Outcome()

    def told(count: int) -> None:
        outcome.bytes += count
        progress(count)

    copies = copies_of(files)
    volumes = {each.id: each for each in Volume.objects.select_related("set")}
    errands = _errands(copies, volumes, outcome)
    for target, some in errands.items():
        row = volumes[target]
        packed = row.set is not None and row.set.packs
        settle(bring(row, some, packed=packed, progress=told), outcome)
    asked = {each.file.id for some in errands.values() for each in some}
    outcome.needless = copies.keys() - asked - outcome.failed.keys()
    return outcome


def copies_of(files: Sequence[UUID]) -> dict[UUID, list[Replica]]:
    """All copies of each file with their volumes, the main one first. Unknown files are left
    out."""
    found: dict[UUID, list[Replica]] = {}
    for some in rules.slices(files):
        rows = Replica.objects.filter(file__in=some).select_related("file", "volume", "volume__set")
        for row in sorted(rows, key=lambda each: (each.volume.role != VolumeRole.MAIN, each.id)):
            found.setdefault(row.file_id, []).append(row)
    return found


def sources_of(copies: Iterable[Replica]) -> list[Replica]:
    """The copies that may be read from: good, on a volume that is there."""
    return [each for each in copies if each.state == ReplicaState.GOOD and each.volume.is_readable]


def _errands(
    copies: Mapping[UUID, list[Replica]], volumes: Mapping[UUID, Volume], outcome: Outcome
) -> dict[UUID, list[Errand]]:
    wanted = wanted_volumes(volumes.values())
    errands: dict[UUID, list[Errand]] = {}
    for file, rows in copies.items():
        home = set_of(rows, volumes)
        lacking = (wanted.get(home, set()) if home is not None else set()) - {
            each.volume_id for each in rows
        }
        targets = [each for each in lacking if volumes[each].state == VolumeState.ONLINE]
        sources = sources_of(rows)
        if targets and not sources:
            outcome.failed[file] = NoGoodCopy("No good copy can be read just now.", file=str(file))
            continue
        for target in targets:
            errands.setdefault(target, []).append(Errand(rows[0].file, sources))
    return errands


def settle(brought: Brought, outcome: Outcome) -> None:
    """Take over what came of errands; sources that turned out false are marked, so that they get
    healed."""
    outcome.failed.update(brought.failed)
    outcome.damaged |= {each.file_id for each in mark_all(brought.false)}


def lacking() -> Iterator[UUID]:
    """Files without a copy on some online volume of their storage set, in no order; each at most
    once a volume."""
    volumes = list(Volume.objects.filter(set__isnull=False))
    for home, wanted in wanted_volumes(volumes).items():
        mine = [each.id for each in volumes if each.set_id == home]
        online = [each.id for each in volumes if each.state == VolumeState.ONLINE]
        for target in wanted & set(online):
            there = Replica.objects.filter(file=OuterRef("file"), volume=target)
            rows = Replica.objects.filter(volume__in=mine, state=ReplicaState.GOOD)
            without = rows.exclude(volume=target).filter(~Exists(there))
            yield from (
                without.values_list("file_id", flat=True).distinct().iterator(chunk_size=2000)
            )
