"""What a volume's journal says becomes rows: files that were not known, copies where their last
line has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from lagan.hub.archive import rules
from lagan.hub.archive.models import Depth, File, Replica, ReplicaState, Volume
from lagan.hub.archive.services.files import (
    FILE_COLUMNS,
    REPLICA_COLUMNS,
    file_row,
    replica_row,
)
from lagan.hub.archive.services.lines import as_first, file_of
from lagan.hub.archive.services.volumes import journal
from lagan.hub.base import bulk
from lagan.kit.errors import BadInput
from lagan.store import Damage, FileLine, VoidLine

BATCH = 2000


@dataclass(slots=True)
class Replay:
    """What of a journal could not be taken in, and why."""

    damage: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def replay(row: Volume) -> Replay:
    """Take in a volume's journal, its void lines left out; done again, it changes nothing.

    A line that disagrees with what is known of its file is passed over and reported.
    """
    replayed = Replay()
    void = _void(row, replayed)
    for some in rules.slices(void, rules.PARAMETERS):
        Replica.objects.filter(volume=row, line__in=some).delete()
    for lines in rules.slices(_counting(row, void), BATCH):
        _take_in(row, lines, replayed)
    return replayed


def _void(row: Volume, replayed: Replay) -> set[UUID]:
    void = set()
    for each in journal(row).entries():
        if isinstance(each, VoidLine):
            void.add(each.id)
        elif isinstance(each, Damage):
            replayed.damage.append(f"{row.name}: {each.place}, line {each.line}: {each.reason}")
    return void


def _counting(row: Volume, void: set[UUID]) -> Iterator[FileLine]:
    entries = journal(row).entries()
    return (each for each in entries if isinstance(each, FileLine) and each.id not in void)


def _take_in(row: Volume, lines: Sequence[FileLine], replayed: Replay) -> None:
    last: dict[UUID, FileLine] = {}
    for each in lines:
        try:
            last[file_of(each)] = each
        except BadInput as error:
            replayed.damage.append(f"{row.name}: {error.sentence}")
    good = _files(row, last, replayed)
    _replicas(row, {file: last[file] for file in good})


def _files(row: Volume, lines: dict[UUID, FileLine], replayed: Replay) -> list[UUID]:
    """Insert files that are not known; those whose line agrees with what is known."""
    known = File.objects.in_bulk(list(lines))
    named = {each.file_id for each in lines.values()}
    versions = {
        (file_id, version): id
        for file_id, version, id in File.objects.filter(file_id__in=named).values_list(
            "file_id", "version", "id"
        )
    }
    lines = _latest(lines)
    new, good = [], []
    for file, line in lines.items():
        there = known.get(file)
        holder = versions.get((line.file_id, line.version), file)
        if holder != file and _supersedes(row, line, holder):
            File.objects.filter(pk=holder).delete()
            holder = file
        if holder != file or (there and not there.digests.agrees_with(line.digests)):
            what = f"version {line.version} of {line.file_id} is another file already"
            replayed.conflicts.append(f"{row.name}: {line.object}: {what}")
            continue
        good.append(file)
        if there is None:
            new.append(file_row(as_first(line), _time(line)))
    bulk.insert(File, new, FILE_COLUMNS)
    return good


def _latest(lines: dict[UUID, FileLine]) -> dict[UUID, FileLine]:
    """Without lines whose version a later line of the same journal has: a process was killed after
    it wrote the earlier one, before its COMMIT, so nobody was told of that file."""
    last = {(line.file_id, line.version): file for file, line in lines.items()}
    return {file: line for file, line in lines.items() if last[line.file_id, line.version] == file}


def _supersedes(row: Volume, line: FileLine, holder: UUID) -> bool:
    """Whether `holder` is such an earlier file of a batch before: it has this volume's copy alone,
    and was stored before."""
    if set(Replica.objects.filter(file=holder).values_list("volume", flat=True)) != {row.id}:
        return False
    return File.objects.get(pk=holder).stored_at < _time(line)


def _replicas(row: Volume, lines: dict[UUID, FileLine]) -> None:
    there = {each.file_id: each for each in Replica.objects.filter(volume=row, file__in=lines)}
    moved, new = [], []
    for file, line in lines.items():
        known = there.get(file)
        if known is None:
            values = replica_row(as_first(line), row.id, _time(line))
            new.append((*values[:-1], line.id))
        elif (known.object, known.offset) != (line.object, line.offset):
            known.object, known.offset, known.length = line.object, line.offset, line.length
            known.state, known.depth, known.line = ReplicaState.GOOD, Depth.WRITTEN, line.id
            # When it was last seen good is not known: not before its file was stored.
            known.verified_at = _time(line)
            moved.append(known)
    bulk.insert(Replica, new, REPLICA_COLUMNS)
    columns = ["object", "offset", "length", "state", "depth", "line", "verified_at"]
    Replica.objects.bulk_update(moved, columns, batch_size=200)


def _time(line: FileLine) -> datetime:
    return datetime.fromtimestamp(line.stored_at, UTC)
