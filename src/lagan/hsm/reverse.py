"""Make a file here of what another site brought to the target, with or without its content; nobody
ever sees half of it.

The file has no name until it is whole; then it gets one that is free, or takes the place of the one
that was there, in one step.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISREG

from lagan.hsm import marker as markers
from lagan.hsm.content import expect_room, fill
from lagan.hsm.errors import Taken
from lagan.hsm.marker import MIGRATED, PREMIGRATED, Marker
from lagan.hsm.migrating import Outcome
from lagan.hsm.recalling import recall
from lagan.hsm.record import Record, dress
from lagan.hsm.states import state_of
from lagan.hsm.target import Target, Tick, digest_of_file, quiet

_NO_NAMELESS = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}
"""How filesystems answer that cannot make files without a name."""


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
    tick: Tick = quiet,
) -> Outcome:
    """Make the file `name` in an open folder from a `record` that `target` found: size, time, mode,
    owner, attributes, and the content too when it is to `hydrate` or has at most `stub_size` bytes.

    A file here with the same content is left as it is (or gets it back). Taken when another is
    here, unless `overwrite`, and always for a folder or a link. MissingAtTarget, WrongContent,
    NoSpace, or the system's OSError leave what was here.
    """
    content = hydrate or record.size <= stub_size
    here = _look(folder, name)
    if here is not None:
        same = _same_here(folder, name, record, target, content, skip_hash, tick)
        if same is not None:
            return same
        if not overwrite:
            raise Taken(f"Another file is here: {name!a}.")
    with _draft(folder, name) as (draft, temporary):
        _make(draft, record, target, content, skip_hash, tick)
        if here is None:
            _name(folder, draft, temporary, name)
        else:
            _replace(folder, draft, temporary, name)
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
        found, marker = os.fstat(descriptor), markers.read(descriptor)
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
    os.utime(draft, ns=(record.mtime, record.mtime))
    os.fsync(draft)


@contextmanager
def _draft(folder: int, name: str) -> Iterator[tuple[int, str | None]]:
    """A new file without a name; on a filesystem that has none, with a temporary one, which does
    not outlive the block."""
    flags = os.O_RDWR | os.O_CLOEXEC
    temporary: str | None = None
    try:
        draft = os.open(".", flags | os.O_TMPFILE, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NO_NAMELESS:
            raise
        temporary = _temporary(name)
        _forget(folder, temporary)
        draft = os.open(temporary, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        yield draft, temporary
    finally:
        os.close(draft)
        if temporary is not None:
            _forget(folder, temporary)


def _name(folder: int, draft: int, temporary: str | None, name: str) -> None:
    """Give the draft a name that is free; Taken when somebody else has taken it just now."""
    try:
        if temporary is None:
            os.link(f"/proc/self/fd/{draft}", name, dst_dir_fd=folder, follow_symlinks=True)
        else:
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise Taken(f"Another file is here: {name!a}.") from None


def _replace(folder: int, draft: int, temporary: str | None, name: str) -> None:
    """Give the draft the name of the file that is there, which has it no more."""
    if temporary is None:
        temporary = _temporary(name)
        _forget(folder, temporary)  # of a worker that was killed between the next two calls
        os.link(f"/proc/self/fd/{draft}", temporary, dst_dir_fd=folder, follow_symlinks=True)
    try:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _forget(folder, temporary)
        raise


def _temporary(name: str) -> str:
    """Always the same for a name, so that what a killed worker left is found."""
    return f".lagan-{hashlib.sha256(os.fsencode(name)).hexdigest()[:24]}"


def _forget(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
