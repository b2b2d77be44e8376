"""Verified copies onto a volume: bytes, then name, then journal line, then catalogue row, and only
then what
the copy replaces goes.

A copy's digests are taken while its source is read; what replaces another copy is read back
besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from lagan.hub.archive import rules
from lagan.hub.archive.errors import NoGoodCopy
from lagan.hub.archive.models import Depth, File, Replica, ReplicaState, Volume
from lagan.hub.archive.services.lines import copy_line
from lagan.hub.archive.services.marking import Look, locked, record_files_event
from lagan.hub.archive.services.registry import notes_before
from lagan.hub.archive.services.volumes import has_room, journal, open_store
from lagan.hub.audit.kinds import Kind
from lagan.kit.digests import BLAKE3, SHA256, digests_of
from lagan.kit.errors import DigestMismatch, LaganError, NoSpace, NotFound
from lagan.kit.ids import new_id
from lagan.kit.names import safe_name
from lagan.store import (
    FileLine,
    Finding,
    Incoming,
    PackWriter,
    Part,
    VoidLine,
    copy,
    verify_parts,
)
from lagan.store import Volume as StoreVolume
from lagan.store.quiet import read_quietly

Progress = Callable[[int], object]
"""Told each number of bytes that was copied."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A file to bring to a volume: its copies to take it from, best first, and the copy there that
    it replaces."""

    file: File
    sources: Sequence[Replica]
    replaces: Replica | None = None


@dataclass(slots=True)
class Brought:
    """What came of errands: files that have their copy, those that have not and why, and sources
    found false."""

    made: set[UUID] = field(default_factory=set)
    failed: dict[UUID, LaganError] = field(default_factory=dict)
    false: list[Look] = field(default_factory=list)


def bring(
    target: Volume,
    errands: Sequence[Errand],
    *,
    packed: bool,
    kind: Kind = Kind.REPLICA_MADE,
    progress: Progress = lambda count: None,
) -> Brought:
    """Make a verified copy of each file on `target`; small ones share packs if `packed`.

    Errands fail one by one; what failed leaves nothing on the volume. A database error passes
    through:
    whether it committed is not known, and the sweep settles it.
    """
    brought = Brought()
    small = [each for each in errands if packed and each.file.size <= rules.SMALL]
    if len(small) < 2:
        small = []
    together = {each.file.id for each in small}
    for each in errands:
        if each.file.id not in together:
            _attempt(_bring_one, target, [each], kind, brought, progress)
    for group in _packfuls(small):
        _attempt(_bring_pack, target, group, kind, brought, progress)
    return brought


def _packfuls(errands: Sequence[Errand]) -> Iterator[list[Errand]]:
    group: list[Errand] = []
    size = 0
    for each in errands:
        needs = each.file.size + rules.OVERHEAD
        if group and size + needs > rules.PACK:
            yield group
            group, size = [], 0
        group.append(each)
        size += needs
    if group:
        yield group


def _attempt(
    bringer: Callable[[Volume, Sequence[Errand], Kind, Brought, Progress], None],
    target: Volume,
    errands: Sequence[Errand],
    kind: Kind,
    brought: Brought,
    progress: Progress,
) -> None:
    size = sum(each.file.size for each in errands)
    try:
        if not has_room(target, size):
            raise NoSpace(f"The volume {target.name} has no room for {size} bytes.", size=size)
        bringer(target, errands, kind, brought, progress)
    except LaganError as error:
        settled = brought.made | brought.failed.keys()
        brought.failed.update(
            {each.file.id: error for each in errands if each.file.id not in settled}
        )


def _bring_one(
    target: Volume, errands: Sequence[Errand], kind: Kind, brought: Brought, progress: Progress
) -> None:
    [errand] = errands
    file = errand.file
    name = rules.copy_object(file.id, file.name, datetime.now(UTC))
    incoming = _fetch(open_store(target), errand, brought, progress)
    line = copy_line(file, name, 0, file.size)
    brought.made |= _land(target, incoming, name, [(errand, line)], kind)


def _fetch(store: StoreVolume, errand: Errand, brought: Brought, progress: Progress) -> Incoming:
    """The file's bytes, whole and right, from the first source that has them."""
    for source in errand.sources:
        incoming = store.receive(new_id().hex, algorithms=_algorithms(errand.file))
        try:
            copy(
                open_store(source.volume),
                source.object,
                source.offset,
                source.length,
                incoming,
                errand.file.digests,
                progress=progress,
            )
        except (DigestMismatch, NotFound) as error:
            incoming.discard()
            brought.false.append(Look(source, _false(error)))
        except BaseException as error:
            incoming.discard()
            if not isinstance(error, LaganError) or isinstance(error, NoSpace):
                raise
        else:
            return incoming
    raise NoGoodCopy("No good copy of the file can be read just now.", file=str(errand.file.id))


def _false(error: LaganError) -> Finding:
    state = "missing" if isinstance(error, NotFound) else "damaged"
    return Finding(state, reason=error.sentence)  # type: ignore[arg-type]


def _algorithms(file: File) -> frozenset[str]:
    known = {SHA256: file.sha256, BLAKE3: file.blake3}
    return frozenset(name for name, value in known.items() if value is not None)


def _bring_pack(
    target: Volume, errands: Sequence[Errand], kind: Kind, brought: Brought, progress: Progress
) -> None:
    name = rules.pack_object(new_id(), datetime.now(UTC))
    incoming = open_store(target).receive(new_id().hex, algorithms=())
    try:
        packing = PackWriter(incoming)
        lines = []
        for errand in errands:
            if (data := _read_small(errand, brought)) is None:
                continue
            file = errand.file
            member = f"{file.id}-{safe_name(file.name.rpartition('/')[2])}"
            offset, length = packing.add(member, data, file.digests, file.stored_at.timestamp())
            lines.append((errand, copy_line(file, name, offset, length)))
            progress(length)
        if not lines:
            incoming.discard()
            return
        packing.finish()
    except BaseException:
        incoming.discard()
        raise
    brought.made |= _land(target, incoming, name, lines, kind)


def _read_small(errand: Errand, brought: Brought) -> bytes | None:
    """The bytes of a small file from the first source that has them right; None, and why, if none
    has."""
    for source in errand.sources:
        try:
            pieces = read_quietly(
                open_store(source.volume), source.object, source.offset, source.length
            )
            data = b"".join(bytes(piece) for piece in pieces)
        except NotFound as error:
            brought.false.append(Look(source, _false(error)))
            continue
        except LaganError:
            continue
        if digests_of([data], _algorithms(errand.file)).agrees_with(errand.file.digests):
            return data
        brought.false.append(Look(source, Finding("damaged", reason="not the bytes stored")))
    file = str(errand.file.id)
    brought.failed[errand.file.id] = NoGoodCopy("No good copy can be read just now.", file=file)
    return None


Carried = Sequence[tuple[Errand, FileLine]]


def _land(target: Volume, incoming: Incoming, name: str, carried: Carried, kind: Kind) -> set[UUID]:
    """Publish, read back what replaces something, journal and catalogue; the files whose row is now
    this copy."""
    store = open_store(target)
    try:
        store.publish([(incoming, name)])
    except BaseException:
        incoming.discard()
        raise
    try:
        if any(errand.replaces for errand, _ in carried):
            _read_back(store, name, carried)
        made = _catalogue(target, name, carried, kind)
    except LaganError:
        store.delete(name)
        raise
    if not made:
        store.delete(name)
    old = [e.replaces for e, _ in carried if e.replaces is not None and e.file.id in made]
    drop(target, [(row.line, row.object) for row in old])
    return made


def _read_back(store: StoreVolume, name: str, carried: Carried) -> None:
    parts = [Part(line.offset, line.length, line.digests) for _, line in carried]
    for _, finding in verify_parts(store, name, parts, depth="full"):
        if not finding.good:
            raise DigestMismatch(
                f"The new copy {name} is not right: {finding.reason}.", object=name
            )


def _catalogue(target: Volume, name: str, carried: Carried, kind: Kind) -> set[UUID]:
    """Let the rows say where the copies are; who finds that somebody else was first leaves it at
    that.

    The journal is written while the transaction is open, so that only lines that count are in it.
    """
    now = datetime.now(UTC)
    with transaction.atomic():
        made = _switch(carried, now) | _add(target, name, carried, now)
        lines = [line for errand, line in carried if errand.file.id in made]
        if made:
            record_files_event(kind, target, sorted(made), {"object": name})
            notes = notes_before([errand.file.belongs for errand, _ in carried])
            journal(target).append([*notes, *lines])
    return made


def _switch(carried: Carried, now: datetime) -> set[UUID]:
    wanted = {e.replaces.id: (e.replaces, line) for e, line in carried if e.replaces is not None}
    changed = []
    for row in locked(wanted):
        old, line = wanted[row.id]
        if (row.object, row.offset) == (old.object, old.offset):
            row.object, row.offset, row.length, row.line = (
                line.object,
                line.offset,
                line.length,
                line.id,
            )
            row.state, row.verified_at, row.depth, row.made_at = (
                ReplicaState.GOOD,
                now,
                Depth.FULL,
                now,
            )
            changed.append(row)
    names = ["object", "offset", "length", "line", "state", "verified_at", "depth", "made_at"]
    Replica.objects.bulk_update(changed, names, batch_size=200)
    return {row.file_id for row in changed}


def _add(target: Volume, name: str, carried: Carried, now: datetime) -> set[UUID]:
    rows = [
        Replica(
            file=errand.file,
            volume=target,
            object=name,
            offset=line.offset,
            length=line.length,
            state=ReplicaState.GOOD,
            verified_at=now,
            depth=Depth.FULL,
            made_at=now,
            line=line.id,
        )
        for errand, line in carried
        if errand.replaces is None
    ]
    if not rows:
        return set()
    Replica.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    mine = Replica.objects.filter(volume=target, object=name).values_list("file", flat=True)
    return {row.file_id for row in rows} & set(mine)


def drop(target: Volume, places: Iterable[tuple[UUID, str]]) -> None:
    """Void the lines (id, object) of copies that do not count any more, then remove objects that no
    row names."""
    gone = list(places)
    if not gone:
        return
    at = datetime.now(UTC).timestamp()
    journal(target).append([VoidLine(line, at) for line, _ in gone])
    names = {name for _, name in gone}
    store = open_store(target)
    for name in sorted(names - named(target, names)):
        store.delete(name)


def named(volume: Volume, objects: Iterable[str]) -> set[str]:
    """Those of the objects on a volume that a catalogue row names."""
    rows = Replica.objects.filter(volume=volume, object__in=list(objects))
    return set(rows.values_list("object", flat=True).distinct())
