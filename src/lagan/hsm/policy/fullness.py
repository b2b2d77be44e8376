"""How full a filesystem is, and how much of it must go; pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Fullness:
    """Bytes of a filesystem: `used`, and those that who is not root may still take. What is kept
    back for root counts for neither, as with `df`. `keeps_read_times`: it notes when files were
    last read (not mounted with `noatime`)."""

    used: int
    free: int
    keeps_read_times: bool = True

    @property
    def size(self) -> int:
        """Bytes together."""
        return self.used + self.free

    @property
    def percent(self) -> float:
        """How full it is."""
        return 100.0 * self.used / self.size if self.size else 0.0

    def above(self, percent: float) -> int:
        """Bytes to free until it is `percent` full; 0 when it is not fuller."""
        return max(0, ceil(self.used - self.size * percent / 100.0))


def fullness(found: os.statvfs_result) -> Fullness:
    """What the system says of a filesystem."""
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    keeps = not found.f_flag & os.ST_NOATIME
    return Fullness(used, found.f_bavail * found.f_frsize, keeps)
