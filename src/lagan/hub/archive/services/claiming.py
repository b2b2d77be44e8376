"""Objects and rows that do not match after a rebuild: copies whose object is gone, objects that no
line names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from lagan.hub.archive import rules
from lagan.hub.archive.models import Depth, File, Replica, ReplicaState, Volume
from lagan.hub.archive.services.copies import named
from lagan.hub.archive.services.lines import copy_line
from lagan.hub.archive.services.volumes import journal, open_store
from lagan.kit.errors import LaganError
from lagan.store import FileLine, Member, members, verify
from lagan.store import Volume as StoreVolume


def note_missing(row: Volume) -> int:
    """Mark copies whose object is not on the volume or too short for them; how many."""
    sizes = {each.name: each.size for each in open_store(row).list()}
    gone, short = [], []
    rows = Replica.objects.filter(volume=row, state=ReplicaState.GOOD)
    for id, name, offset, length in rows.values_list("id", "object", "offset", "length").iterator():
        if name not in sizes:
            gone.append(id)
        elif sizes[name] < offset + length:
            short.append(id)
    for state, ids in ((ReplicaState.MISSING, gone), (ReplicaState.BAD, short)):
        for some in rules.slices(ids):
            Replica.objects.filter(id__in=some).update(state=state)
    return len(gone) + len(short)


def claim(row: Volume) -> tuple[int, list[str]]:
    """Give objects that nothing names to the files they are copies of, as names, headers and
    digests show.

    The number of copies found so, and what belongs to no known file: `volume: object` or
    `volume: object: member`.
    """
    store = open_store(row)
    claimed: int = 0
    unclaimed: list[str] = []
    for name in _nameless(row, store):
        found, strange = _found_in(store, name)
        lacking = _without_copy(row, found)
        good = [each for each in lacking if _verified(store, name, each)]
        _catalogue(row, name, good)
        claimed += len(good)
        unclaimed += [f"{row.name}: {each}" for each in strange]
        unclaimed += [
            f"{row.name}: {name}: {each.file.name}" for each in lacking if each not in good
        ]
    return claimed, unclaimed


@dataclass(frozen=True, slots=True)
class _Find:
    """A stretch of an object that seems to be a copy of a file."""

    file: File
    offset: int
    length: int


def _nameless(row: Volume, store: StoreVolume) -> list[str]:
    """Objects that neither a row nor any line of the journal names."""
    left: set[str] = set()
    objects = (each.name for each in store.list() if each.name.startswith(("files/", "packs/")))
    for some in rules.slices(objects):
        left |= set(some) - named(row, some)
    for each in journal(row).entries() if left else ():
        if isinstance(each, FileLine):
            left.discard(each.object)
    return sorted(left)


def _found_in(store: StoreVolume, name: str) -> tuple[list[_Find], list[str]]:
    """What an object seems to hold, and what of it is of no known file."""
    if not rules.is_pack(name):
        id = rules.uuid_in(name)
        file = File.objects.filter(id=id).first() if id else None
        return ([_Find(file, 0, file.size)], []) if file else ([], [name])
    inside: list[Member] = []
    strange: list[str] = []
    try:
        inside.extend(members(store, name))
    except LaganError as error:
        strange.append(f"{name}: {error.sentence}")
    finds, unknown = _files_of(inside)
    return finds, strange + [f"{name}: {each}" for each in unknown]


def _files_of(inside: Sequence[Member]) -> tuple[list[_Find], list[str]]:
    """The files that members of a pack are, by their SHA-256, and the names of those that are
    none."""
    finds: list[_Find] = []
    unknown: list[str] = []
    for some in rules.slices(inside):
        wanted = {each.digests.sha256 for each in some if each.digests and each.digests.sha256}
        files = {each.sha256: each for each in File.objects.filter(sha256__in=wanted)}
        for each in some:
            file = files.get(each.digests.sha256) if each.digests else None
            if file is None:
                unknown.append(each.name)
            else:
                finds.append(_Find(file, each.offset, each.length))
    return finds, unknown


def _without_copy(row: Volume, found: Sequence[_Find]) -> list[_Find]:
    """Those whose file has no copy on the volume; each file once."""
    wanted = {each.file.id: each for each in found}
    for some in rules.slices(list(wanted)):
        rows = Replica.objects.filter(volume=row, file__in=some)
        for id in rows.values_list("file_id", flat=True):
            wanted.pop(id)
    return list(wanted.values())


def _verified(store: StoreVolume, name: str, each: _Find) -> bool:
    return verify(store, name, each.offset, each.length, each.file.digests, depth="full").good


def _catalogue(row: Volume, name: str, finds: Sequence[_Find]) -> None:
    now = timezone.now()
    lines = [copy_line(each.file, name, each.offset, each.length) for each in finds]
    journal(row).append(lines)
    Replica.objects.bulk_create(
        Replica(
            file=each.file,
            volume=row,
            object=name,
            offset=each.offset,
            length=each.length,
            state=ReplicaState.GOOD,
            verified_at=now,
            depth=Depth.FULL,
            made_at=now,
            line=line.id,
        )
        for each, line in zip(finds, lines, strict=True)
    )
