"""Make a file here of what another site brought to the target, with or without its content; nobody
ever sees half of it.

The file has no name until it is whole; then it gets one that is free, or takes the place of the one
that was there, in one step.
"""

from __future__ import annotations

import os
from contextlib import suppress
from stat import S_ISREG

from lagan.hsm import marker as markers
from lagan.hsm.content import expect_room, fill
from lagan.hsm.drafts import draft_in, give_name, take_place
from lagan.hsm.errors import BadMarker, Taken
from lagan.hsm.marker import MIGRATED, PREMIGRATED, Marker
from lagan.hsm.migrating import Outcome
from lagan.hsm.proving import expect_proven
from lagan.hsm.recalling import recall
from lagan.hsm.record import Record, dress
from lagan.hsm.states import state_of
from lagan.hsm.target import Target, Tick, digest_of_file, quiet
from lagan.hsm.tombstones import claim


def reverse_stub(
    folder: int,
    name: str,
    record: Record,
    target: Target,
    *,
    hydrate: bool = False,
    stub_size: int = 0,
    skip_hash: bool = False,
    overwrite: bool = False,
    verify: bool = False,
    tick: Tick = quiet,
) -> Outcome:
    """Make the file `name` in an open folder from a `record` that `target` found: size, time, mode,
    owner, attributes, and the content too when it is to `hydrate` or has at most `stub_size` bytes.

    A file here with the same content is left as it is (or gets it back). Taken when another is
    here, unless `overwrite`, and always for a folder or a link. MissingAtTarget, WrongContent,
    NoSpace, or the system's OSError leave what was here. With `verify` the content of a stub is
    read at the target and compared too.
    """
    content = hydrate or record.size <= stub_size
    if verify and not content:
        expect_proven(target, record.object, record.size, record.sha256, tick)
    here = _look(folder, name)
    if here is not None:
        same = _same_here(folder, name, record, target, content, skip_hash, tick)
        if same is not None:
            return same
        if not overwrite:
            raise Taken(f"Another file is here: {name!a}.")
    claim(target.volume, record.object)
    with draft_in(folder, name) as (draft, temporary):
        _make(draft, record, target, content, skip_hash, tick)
        if here is None:
            give_name(folder, draft, temporary, name)
        else:
            take_place(folder, draft, temporary, name)
        os.fsync(folder)
    state = PREMIGRATED if content else MIGRATED
    return Outcome(state, sent=record.size if content else 0)


def _look(folder: int, name: str) -> os.stat_result | None:
    """The file that has the name; Taken for anything but a file."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not S_ISREG(found.st_mode):
        raise Taken(f"No file, but something else is here: {name!a}.")
    return found


def _same_here(
    folder: int,
    name: str,
    record: Record,
    target: Target,
    content: bool,
    skip_hash: bool,
    tick: Tick,
) -> Outcome | None:
    """What became of a file that is here and has the same content; None when it has another."""
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        found, marker = os.fstat(descriptor), _readable(descriptor)
        if found.st_size != record.size:
            return None
        if marker is not None and marker.away:
            if marker.sha256 != record.sha256 or marker.target != target.name:
                return None
            if content:
                return recall(descriptor, target, skip_hash=skip_hash, tick=tick)
            return Outcome(MIGRATED, already=True)
        if digest_of_file(descriptor, found.st_size, tick) != record.sha256:
            return None
        return Outcome(state_of(descriptor, found), already=True)
    finally:
        os.close(descriptor)


def _readable(descriptor: int) -> Marker | None:
    """A marker that cannot be read is none: what it is on is another file, until it is replaced."""
    with suppress(BadMarker):
        return markers.read(descriptor)
    return None


def _make(
    draft: int, record: Record, target: Target, content: bool, skip_hash: bool, tick: Tick
) -> None:
    """All of the file but its name, lasting."""
    marker = Marker(
        state=PREMIGRATED if content else MIGRATED,
        target=target.name,
        object=record.object,
        size=record.size,
        mtime=record.mtime,
        sha256=record.sha256,
        room=record.room,
    )
    os.ftruncate(draft, record.size)
    if content:
        expect_room(draft, marker)
        fill(
            draft,
            marker,
            target,
            limit=record.size,
            skip_hash=skip_hash,
            tick=tick,
            check=lambda: None,
        )
    markers.write(draft, marker)
    dress(draft, record)
    if not content:
        with suppress(PermissionError):  # a file that may not be written is not written any more
            markers.write_as_stub(draft, marker)
    os.utime(draft, ns=(record.mtime, record.mtime))
    os.fsync(draft)
