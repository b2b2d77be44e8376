"""Which files are finished: nothing is sent that somebody may still be writing, and nothing torn
is archived."""

from __future__ import annotations

import os
import stat

from lagan.agent.settings import Settings


def quiet_for(settings: Settings) -> float:
    """Seconds that a file must have been left alone before it is sent."""
    return settings.ignore_new_files_minutes * 60.0 if settings.ignore_new_files else 0.0


def may_still_grow(mtime_ns: int, now: float, quiet: float) -> bool:
    """Whether a file was changed within the last `quiet` seconds.

    A time in the future counts by its distance: a camera with a wrong clock must not keep its
    files forever.
    """
    return abs(now - mtime_ns / 1e9) < quiet


def is_same(seen: tuple[int, int], now: os.stat_result) -> bool:
    """Whether a regular file still has the size and modification time (ns) that were seen
    before."""
    return stat.S_ISREG(now.st_mode) and (now.st_size, now.st_mtime_ns) == seen
