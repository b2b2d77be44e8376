"""When the last name of a file whose content is at a target is removed, the target is told: the
object gets a tombstone, with all that would make the file again."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from lagan.hsm import marker as markers
from lagan.hsm.record import Record, record_of
from lagan.kit.errors import LaganError
from lagan.worker.site import paths
from lagan.worker.site.paths import Spot


@dataclass(frozen=True, slots=True)
class Last:
    """What is remembered of a file, and the name of the target that has its content."""

    target: str
    record: Record


def last_words(spot: Spot, folder: int, name: str) -> Last | None:
    """What to remember of the file `name` in an open folder, before it goes; None when its content
    is at no target, or it has other names."""
    with suppress(LaganError, OSError):
        # Looked at without opening it: most files have no marker.
        if markers.read(f"/proc/self/fd/{folder}/{name}") is None:
            return None
        with paths.open_quietly(spot, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
            found, marker = os.fstat(descriptor), markers.read(descriptor)
            if marker is not None and found.st_nlink == 1:
                record = record_of(descriptor, spot.relative, spot.path, found, marker)
                return Last(marker.target, record)
    return None
