"""Bring a file's content to a target, and let go of its space here once it is safe there.

The order, safe under kill -9 and power cuts at every point: copy and read back; the target's
record; then, with everybody kept out, look whether the file changed; marker `migrating`, flushed;
let go; time of change; marker `migrated`, flushed. Whoever waits to open the file when its space
would be let go wins: the file stays whole. Files of a group go through it side by side
(`lagan.hsm.together`); one file is a group of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from stat import S_ISREG

from lagan.hsm import marker as markers
from lagan.hsm.content import expect_not_written_into
from lagan.hsm.errors import Busy, Changed, Unfit, Unsupported
from lagan.hsm.lease import leased
from lagan.hsm.marker import MIGRATED, MIGRATING, PREMIGRATED, Marker
from lagan.hsm.record import record_of
from lagan.hsm.space import give_back_behind, punch, round_up
from lagan.hsm.states import MODIFIED, SECTOR, decide
from lagan.hsm.target import Target, Tick, digest_of_file, quiet
from lagan.hsm.together.asking import Known, Prove, Size
from lagan.hsm.together.flushing import Flush
from lagan.hsm.together.group import Gather, Move, alone
from lagan.hsm.together.keeping import keeping
from lagan.hsm.together.telling import Tell
from lagan.hsm.traces import give_back_mode, notice_writing, read_unseen
from lagan.kit.errors import LaganError

SURE_OF_TIMES = (6, 13)
"""Since this Linux every write after a look at a file's times changes them; before, the clock stood
still for some milliseconds."""
_SETTLED = 2.0  # seconds that a file must be unchanged on an older one


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: nothing, because it was `already` as it should be, or so many bytes
    `sent` to or fetched from the target. `state` is its state now."""

    state: str
    already: bool = False
    sent: int = 0


def migrate(
    descriptor: int,
    relative: str,
    target: Target,
    *,
    origin: str = "",
    premigrate: bool = False,
    stub_size: int = 0,
    overwrite: bool = False,
    tick: Tick = quiet,
) -> Outcome:
    """Have the content of a file, open for reading and writing, at `target`; without `premigrate`
    only there, but for `stub_size` bytes, rounded up to a block, at the beginning. `relative` is
    the file's path beneath its root, `origin` the whole one.

    `overwrite` removes the object of the file's older content; else that stays. Unfit for what is
    no regular file; Busy, Changed: later; WrittenInto when somebody wrote into a file whose content
    is away. Nothing is lost or half done whatever is raised, by `tick` too.
    """
    return alone(
        migration(
            descriptor,
            relative,
            target,
            origin=origin,
            premigrate=premigrate,
            stub_size=stub_size,
            overwrite=overwrite,
            tick=tick,
        )
    )


def migration(
    descriptor: int,
    relative: str,
    target: Target,
    *,
    origin: str = "",
    premigrate: bool = False,
    stub_size: int = 0,
    overwrite: bool = False,
    tick: Tick = quiet,
) -> Move[Outcome]:
    """As `migrate`, one of a group."""
    found = os.fstat(descriptor)
    if not S_ISREG(found.st_mode):
        raise Unfit("Only the content of files can move.")
    read_unseen(descriptor)
    notice_writing(descriptor)
    found = os.fstat(descriptor)
    marker = markers.read(descriptor)
    if marker is not None and marker.away and found.st_size == 0 < marker.size:
        with leased(descriptor, needed=False):  # whoever emptied it may be about to fill it again
            found = os.fstat(descriptor)
            if found.st_size == 0:
                markers.drop(descriptor)
                marker, found = None, os.fstat(descriptor)
    if marker is not None and marker.away:
        return (
            yield from _migrated_before(descriptor, relative, origin, target, marker, premigrate)
        )
    if not premigrate:
        with leased(descriptor):
            pass  # who has it open now would have it open after the copy: that is spared
    marker, sent, known = yield from _at_target(
        descriptor, relative, target, marker, found, overwrite, premigrate, tick
    )
    try:
        yield Tell(target, record_of(descriptor, relative, origin, found, marker), known)
    except BaseException:
        if sent:  # an object that nothing speaks of would be there for ever
            with suppress(LaganError):
                target.volume.delete(marker.object)
        raise
    if premigrate or round_up(stub_size) >= found.st_size:
        already = not sent and markers.read(descriptor) == marker
        if not already:
            markers.write(descriptor, marker)
            yield Flush(descriptor)
        return Outcome(PREMIGRATED, already, sent)
    yield from let_go(descriptor, found, replace(marker, head=round_up(stub_size)))
    return Outcome(MIGRATED, sent=sent)


def let_go(descriptor: int, found: os.stat_result, marker: Marker) -> Move[None]:
    """Let go of a file's space, whose content is where `marker` says and which must be as `found`.

    Busy when somebody has the file open or waits to open it, Changed when it is not as it was. No
    file of a group is kept from others while content of another one is on its way.
    """
    yield Gather()
    whole = replace(marker, state=PREMIGRATED, head=0)
    with leased(descriptor) as lease:
        if not unchanged(descriptor, found):
            raise Changed("The file was written while it was copied.")
        with _or_mark(descriptor, whole, BaseException):
            markers.write(descriptor, replace(marker, state=MIGRATING))
            yield Flush(descriptor)
            if lease.wanted():
                raise Busy("Somebody opened the file meanwhile.")
        with _or_mark(descriptor, whole, Unsupported):
            punch(descriptor, marker.head, marker.size)
        give_back_behind(descriptor, marker.size)
        give_back_mode(descriptor, found)
        yield from _settle(descriptor, replace(marker, state=MIGRATED), found.st_atime_ns)


@contextmanager
def _or_mark(descriptor: int, marker: Marker, error: type[BaseException]) -> Iterator[None]:
    """What leaves the block with `error` leaves the file whole and marked so."""
    try:
        yield
    except error:
        with suppress(OSError):
            markers.write(descriptor, marker)
        raise


def unchanged(descriptor: int, before: os.stat_result) -> bool:
    """Whether nobody wrote the file since `before`, and where clocks are coarse, whether that can
    be known."""
    now = os.fstat(descriptor)
    if _times(now) != _times(before):
        return False
    return _kernel() >= SURE_OF_TIMES or now.st_ctime < time.time() - _SETTLED


def _at_target(
    descriptor: int,
    relative: str,
    target: Target,
    marker: Marker | None,
    found: os.stat_result,
    overwrite: bool,
    premigrate: bool,
    tick: Tick,
) -> Move[tuple[Marker, int, Known | None]]:
    """The marker of content that is at the target for certain, the bytes that this took, and what
    the target knew of the path, when it was asked."""
    state = decide(marker, found.st_size, found.st_mtime_ns, found.st_blocks)
    if marker is not None and state == PREMIGRATED and marker.target == target.name:
        if premigrate and (yield Size(target, marker.object)) == marker.size:
            return marker, 0, None
        if not premigrate and (yield from _both_whole(descriptor, marker, target, tick)):
            return marker, 0, None
    older = marker.object if marker and overwrite and state == MODIFIED else None
    kept = yield from keeping(
        target,
        descriptor,
        found.st_size,
        relative,
        replaces=older if marker and marker.target == target.name else None,
        unchanged=lambda: unchanged(descriptor, found),
        tick=tick,
    )
    if not unchanged(descriptor, found):
        raise Changed("The file was written while it was copied.")
    fresh = Marker(
        state=PREMIGRATED,
        target=target.name,
        object=kept.object,
        size=found.st_size,
        mtime=found.st_mtime_ns,
        sha256=kept.sha256,
        room=found.st_blocks * SECTOR,
    )
    return fresh, kept.sent, kept.known


def _both_whole(descriptor: int, marker: Marker, target: Target, tick: Tick) -> Move[bool]:
    """Whether what is here and what is at the target are both what the marker says: times can be
    set back, and objects decay."""
    if digest_of_file(descriptor, marker.size, tick) != marker.sha256:
        return False
    return bool((yield Prove(target, marker.object, marker.size, marker.sha256, tick)))


def _migrated_before(
    descriptor: int, relative: str, origin: str, target: Target, marker: Marker, premigrate: bool
) -> Move[Outcome]:
    """A file whose content is away: what a kill broke off is brought to its end."""
    if marker.target != target.name:
        return Outcome(MIGRATED, already=True)
    if (yield Size(target, marker.object)) != marker.size:
        raise target.missing(marker.object)
    interrupted = marker.state != MIGRATED
    if interrupted and not premigrate:
        yield Gather()
        with leased(descriptor):
            expect_not_written_into(descriptor, marker, target)
            punch(descriptor, marker.head, marker.size)
            atime = os.fstat(descriptor).st_atime_ns
            yield from _settle(descriptor, replace(marker, state=MIGRATED), atime)
    elif not interrupted:
        expect_not_written_into(descriptor, marker, target)
    yield Tell(target, record_of(descriptor, relative, origin, os.fstat(descriptor), marker))
    return Outcome(MIGRATED, already=not interrupted or premigrate)


def _settle(descriptor: int, marker: Marker, atime: int) -> Move[None]:
    """The end of every move: the content's time, then the marker, lasting."""
    os.utime(descriptor, ns=(atime, marker.mtime))
    markers.write_as_stub(descriptor, marker)
    yield Flush(descriptor)


def _times(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


@cache
def _kernel() -> tuple[int, ...]:
    numbers: list[int] = []
    with suppress(ValueError):
        numbers += [int(each) for each in os.uname().release.split("-")[0].split(".")[:2]]
    return tuple(numbers)
