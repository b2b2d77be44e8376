"""In which state a file is, told by its marker and what the filesystem says of it."""

from __future__ import annotations

import os
from stat import S_ISREG

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker
from lagan.hsm.marker import Marker

UNMANAGED, PREMIGRATED, MIGRATED = "unmanaged", "premigrated", "migrated"
MODIFIED, MISSING = "modified", "missing"
STATES = (UNMANAGED, PREMIGRATED, MIGRATED, MODIFIED, MISSING)
"""Never brought to a target; here and there; there alone; written since; not there any more."""

SECTOR = 512
"""Bytes that `st_blocks` counts in."""


def decide(marker: Marker | None, size: int, mtime: int, sectors: int) -> str:
    """The state of a regular file of `size` bytes, changed at `mtime` (nanoseconds), taking
    `sectors`."""
    if marker is None:
        return UNMANAGED
    same = (size, mtime) == (marker.size, marker.mtime)
    if not marker.away:
        return PREMIGRATED if same else MODIFIED
    if same or marker.state != markers.MIGRATED:
        return MIGRATED
    # Only its times were set, or somebody wrote into it: writing takes room.
    return MIGRATED if size == marker.size and sectors <= marker.left else MODIFIED


def state_of(path: int | str | bytes | os.PathLike[str], stat: os.stat_result) -> str:
    """The state of what is at `path` (an absolute path, or an open file), whose own facts are
    `stat`; whatever is no regular file is unmanaged. Asks no target. OSError as the system says."""
    if not S_ISREG(stat.st_mode):
        return UNMANAGED
    try:
        marker = markers.read(path)
    except BadMarker:
        return MISSING  # nobody knows any more where it is
    return decide(marker, stat.st_size, stat.st_mtime_ns, stat.st_blocks)
