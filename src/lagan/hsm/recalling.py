"""Bring a file's content back into the same file, so that names, links and open descriptors stay
good.

The order, safe under kill -9 and power cuts at every point: with everybody kept out, marker
`recalling`; the content; its digest; time of change; flush; marker `premigrated`, flushed. What is
wrong or breaks off leaves the file migrated as it was. Files of a group go through it side by side
(`lagan.hsm.together`); one file is a group of its own.
"""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from dataclasses import replace

from lagan.hsm import marker as markers
from lagan.hsm.content import expect_not_written_into, expect_room, fill, is_intact
from lagan.hsm.lease import leased
from lagan.hsm.marker import MIGRATED, PREMIGRATED, RECALLING, Marker
from lagan.hsm.migrating import Outcome
from lagan.hsm.space import punch
from lagan.hsm.states import UNMANAGED, state_of
from lagan.hsm.target import Target, Tick, quiet
from lagan.hsm.together.asking import SMALL, Fetch
from lagan.hsm.together.flushing import Flush
from lagan.hsm.together.group import Gather, Move, alone
from lagan.hsm.traces import give_back_mode, read_unseen


def recall(
    descriptor: int,
    target: Target,
    *,
    skip_hash: bool = False,
    kept_away: bool = False,
    tick: Tick = quiet,
) -> Outcome:
    """Have the content of a file, open for reading and writing, here again; it stays at `target`,
    the one that its marker names.

    A file that was cut shorter meanwhile gets what it still has room for; one that was emptied has
    nothing to come back. With `kept_away` a gate keeps everybody else waiting, so that no lease is
    needed, nor to be had. Busy: later; WrittenInto when somebody wrote into the file meanwhile;
    MissingAtTarget; WrongContent, which `skip_hash` does not look for; NoSpace.
    """
    return alone(
        recollection(descriptor, target, skip_hash=skip_hash, kept_away=kept_away, tick=tick)
    )


def recollection(
    descriptor: int,
    target: Target,
    *,
    skip_hash: bool = False,
    kept_away: bool = False,
    tick: Tick = quiet,
) -> Move[Outcome]:
    """As `recall`, one of a group. Content that is small is fetched before anybody is kept out of
    the file."""
    read_unseen(descriptor)
    marker = markers.read(descriptor)
    if marker is None or not marker.away:
        return Outcome(state_of(descriptor, os.fstat(descriptor)), already=True)
    fetched: tuple[Marker, bytes] | None = None
    if marker.size <= SMALL and os.fstat(descriptor).st_size:
        fetched = marker, (yield Fetch(target, marker.object, marker.size))
    yield Gather()
    with nullcontext() if kept_away else leased(descriptor, needed=False) as lease:
        marker = markers.read(descriptor)  # nobody else changes it from now on
        if marker is None or not marker.away:
            return Outcome(state_of(descriptor, os.fstat(descriptor)), already=True)
        found = os.fstat(descriptor)
        if found.st_size == 0 < marker.size:
            return (yield from _emptied(descriptor))
        content = fetched[1] if fetched is not None and fetched[0] == marker else None
        if content is None and target.size(marker.object) != marker.size:
            raise target.missing(marker.object)
        expect_not_written_into(descriptor, marker, target)
        expect_room(descriptor, marker)
        touched = marker.state == MIGRATED and not is_intact(found, marker)
        wanted = replace(marker, mtime=found.st_mtime_ns) if touched else marker
        markers.write(descriptor, replace(wanted, state=RECALLING))
        try:
            fill(
                descriptor,
                marker,
                target,
                limit=min(found.st_size, marker.size),
                skip_hash=skip_hash,
                tick=tick,
                check=lease.check if lease else lambda: None,
                content=content,
            )
            give_back_mode(descriptor, found)
            os.utime(descriptor, ns=(found.st_atime_ns, wanted.mtime))
            yield Flush(descriptor)
        except BaseException:
            _take_back(descriptor, replace(wanted, state=MIGRATED), found)
            raise
        markers.write(descriptor, replace(wanted, state=PREMIGRATED, head=0))
        yield Flush(descriptor)
    return Outcome(state_of(descriptor, os.fstat(descriptor)), sent=marker.size)


def _emptied(descriptor: int) -> Move[Outcome]:
    """Somebody cut the file to nothing: that is its content now."""
    markers.drop(descriptor)
    yield Flush(descriptor)
    return Outcome(UNMANAGED)


def _take_back(descriptor: int, marker: Marker, before: os.stat_result) -> None:
    """The file as it was before; when even that fails, the marker still says `recalling`, and what
    is here is not trusted."""
    with suppress(OSError):
        punch(descriptor, marker.head, marker.size)
        give_back_mode(descriptor, before)
        os.utime(descriptor, ns=(before.st_atime_ns, marker.mtime))
        markers.write_as_stub(descriptor, marker)
