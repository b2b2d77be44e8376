"""The content of a file that is away: whether somebody wrote into what is left of it, and bringing
it back into the open file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress

from lagan.hsm import space
from lagan.hsm.errors import Unsupported, WrittenInto, WrongContent
from lagan.hsm.marker import MIGRATED, Marker
from lagan.hsm.space import BLOCK
from lagan.hsm.target import Target, Tick
from lagan.kit.errors import NoSpace
from lagan.kit.holes import PIECE, data


def is_intact(found: os.stat_result, marker: Marker) -> bool:
    """Whether a migrated file's own size and time say that nobody touched it."""
    same = (found.st_size, found.st_mtime_ns) == (marker.size, marker.mtime)
    return same and marker.state == MIGRATED


def expect_not_written_into(descriptor: int, marker: Marker, target: Target) -> None:
    """WrittenInto when the file has data that is not its content's. A file that was only touched or
    cut has none; one whose recall was broken off may have a last block that is not full."""
    found = os.fstat(descriptor)
    if is_intact(found, marker):
        return
    broken_off = marker.state != MIGRATED
    stretched = found.st_size > marker.size  # Btrfs then fills the last block with zeros itself
    for start, end in data(descriptor, found.st_size):
        last = min(end, marker.size)
        agreed = _agreed(descriptor, marker, target, start, last)
        rest = BLOCK if broken_off or (stretched and last == marker.size) else 0
        if agreed < last and not (last - agreed < rest and _is_zero(descriptor, agreed, last)):
            raise WrittenInto("Somebody wrote into this file while its content was away.")
        # Behind the end of the content a block is zeros.
        if end > marker.size and not _is_zero(descriptor, max(start, marker.size), end):
            raise WrittenInto("Somebody wrote behind the end of this file's content.")


def expect_room(descriptor: int, marker: Marker) -> None:
    """NoSpace when the filesystem cannot take the content."""
    room = os.fstatvfs(descriptor)
    if min(marker.room, marker.size) > room.f_bavail * room.f_frsize:
        raise NoSpace("The filesystem has no room for the content.")


def fill(
    descriptor: int,
    marker: Marker,
    target: Target,
    *,
    limit: int,
    skip_hash: bool,
    tick: Tick,
    check: Callable[[], object],
    content: bytes | None = None,
) -> None:
    """Write the content into an open file, up to `limit` bytes, its holes kept.

    What is there beyond `marker.head` is let go first. MissingAtTarget; WrongContent when what the
    target gives is too short or, unless `skip_hash`, has another digest. `check` may raise between
    two pieces. `content` is what the target gave, when it was fetched before.
    """
    with suppress(Unsupported):  # then nothing was ever let go here, and all data is the content's
        space.punch(descriptor, marker.head, marker.size)
    sha, at = hashlib.sha256(), 0
    for piece in target.read(marker.object) if content is None else [content]:
        view = memoryview(piece)[: max(0, limit - at)]
        if view.nbytes:
            space.write_sparsely(descriptor, view, at, marker.head)
        at += len(memoryview(piece))
        if not skip_hash:
            sha.update(piece)
        tick(view.nbytes)
        check()
    if at != marker.size or not (skip_hash or sha.hexdigest() == marker.sha256):
        raise WrongContent(f"The target {target.name} gave other bytes than were brought there.")


def _agreed(descriptor: int, marker: Marker, target: Target, start: int, end: int) -> int:
    """Up to where a stretch of the file is the same stretch of its content."""
    if start >= end:
        return end
    at = start
    for piece in target.read(marker.object, start, end - start):
        wanted = bytes(piece)
        here = os.pread(descriptor, len(wanted), at)
        if here != wanted:
            return at + len(os.path.commonprefix([here, wanted]))
        at += len(wanted)
    return at


def _is_zero(descriptor: int, start: int, end: int) -> bool:
    while start < end:
        piece = os.pread(descriptor, min(PIECE, end - start), start)
        if not piece or piece.count(0) != len(piece):
            return not piece
        start += len(piece)
    return True
