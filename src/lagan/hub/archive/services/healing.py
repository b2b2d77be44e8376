"""A copy that is not good is replaced by a verified one from a good copy; without a good one
nothing
is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db import transaction

from lagan.hub.archive.errors import NoGoodCopy
from lagan.hub.archive.models import Replica, ReplicaState, VolumeState
from lagan.hub.archive.services.copies import Errand, bring
from lagan.hub.archive.services.marking import Look, mark_all, record_files_event
from lagan.hub.archive.services.replicating import Outcome, copies_of, settle, sources_of
from lagan.hub.archive.services.volumes import open_store, present
from lagan.hub.audit.kinds import Kind
from lagan.kit.errors import Conflict
from lagan.store import verify


def heal(
    files: Sequence[UUID], *, progress: Callable[[int], object] = lambda count: None
) -> Outcome:
    """Make every damaged copy of each file good again.

    What is suspect or was missing is looked at once more first: a volume may have come back. A new
    copy is
    written from a good one and read back, then the catalogue names it, then the old one goes. A
    source that
    proves bad is marked and the next one taken. NoGoodCopy for a file without any: nothing of it is
    touched.
    """
    outcome = Outcome()

    def told(count: int) -> None:
        outcome.bytes += count
        progress(count)

    _look_again(copies_of(files))
    left: Sequence[UUID] = files
    while left:
        known = set(outcome.damaged)
        _heal_once(left, outcome, told)
        # Sources that proved false have now to be healed themselves, from what is still good.
        left = sorted(outcome.damaged - known)
    return outcome


def _heal_once(files: Sequence[UUID], outcome: Outcome, progress: Callable[[int], object]) -> None:
    copies = copies_of(files)
    volumes = {row.volume_id: row.volume for rows in copies.values() for row in rows}
    errands: dict[UUID, list[Errand]] = {}
    for file, rows in copies.items():
        for row in _damaged(rows, outcome):
            errands.setdefault(row.volume_id, []).append(
                Errand(row.file, sources_of(rows), replaces=row)
            )
        if all(row.state == ReplicaState.GOOD for row in rows):
            outcome.needless.add(file)
    for volume, some in errands.items():
        home = volumes[volume].set
        packed = home is not None and home.packs
        kind = Kind.FILE_HEALED
        settle(bring(volumes[volume], some, packed=packed, kind=kind, progress=progress), outcome)


def _damaged(rows: Sequence[Replica], outcome: Outcome) -> list[Replica]:
    """The copies to be replaced; none, and the file has failed, if there is no good one."""
    damaged = [row for row in rows if row.state != ReplicaState.GOOD]
    if damaged and not sources_of(rows):
        _give_up(rows, outcome)
        return []
    for row in damaged:
        if row.volume.state != VolumeState.ONLINE:
            outcome.failed[row.file_id] = Conflict(
                f"The volume {row.volume.name} is {row.volume.state}.", volume=row.volume.name
            )
    return [row for row in damaged if row.volume.state == VolumeState.ONLINE]


def _look_again(copies: Mapping[UUID, Sequence[Replica]]) -> None:
    """Copies that could not be read or were gone may be there and good: their volume was away, a
    disk hung."""
    looks = []
    here: dict[UUID, bool] = {}
    for row in (each for rows in copies.values() for each in rows):
        if row.state not in (ReplicaState.SUSPECT, ReplicaState.MISSING):
            continue
        if row.volume_id not in here:
            here[row.volume_id] = row.volume.is_readable and present(row.volume)
        if here[row.volume_id]:
            finding = verify(
                open_store(row.volume),
                row.object,
                row.offset,
                row.length,
                row.file.digests,
                depth="full",
            )
            looks.append(Look(row, finding))
    mark_all(looks)


def _give_up(rows: Sequence[Replica], outcome: Outcome) -> None:
    """No copy is known to be good: nothing is touched. If none is even out of reach, the file is
    lost."""
    file = rows[0].file_id
    outcome.failed[file] = NoGoodCopy("No good copy can be read just now.", file=str(file))
    if all(row.state in (ReplicaState.BAD, ReplicaState.MISSING) for row in rows):
        with transaction.atomic():
            facts = {"copies": {row.volume.name: row.state for row in rows}}
            record_files_event(Kind.FILE_LOST, rows[0].volume, [file], facts)
