"""What the site's files and folders are pinned to; a folder's pin holds for all beneath it."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache

from lagan.hsm.policy import pins
from lagan.hsm.policy.pins import Pin
from lagan.kit.errors import BadPath
from lagan.worker.site import paths
from lagan.worker.site.paths import Spot

_SOME = 4096
"""Folders whose pins are remembered for the length of one task."""


class Pins:
    """The pins that hold at some moment; what a folder says is asked once."""

    def __init__(self) -> None:
        self._of_folder = lru_cache(_SOME)(self._read_folder)

    def of(self, path: str) -> Pin | None:
        """The pin that holds for what is at `path`: its own, or that of a folder above it. None
        for what is not there: others tell that."""
        with suppress(OSError, BadPath):
            spot = paths.locate(path)
            own = own_pin(spot)
            return pins.later(own, self._of_folder(paths.above(spot)) if spot.relative else None)
        return None

    def _read_folder(self, spot: Spot) -> Pin | None:
        above = self._of_folder(paths.above(spot)) if spot.relative else None
        return pins.later(own_pin(spot), above)


def own_pin(spot: Spot) -> Pin | None:
    """The pin at a path itself; a link has none. Opens nothing, so that nothing is recalled."""
    if not spot.relative:
        with paths.open_at(spot, os.O_PATH) as root:
            return pins.read(f"/proc/self/fd/{root}/.")
    with paths.open_at(paths.above(spot), os.O_PATH | os.O_DIRECTORY) as folder:
        return pins.read(f"/proc/self/fd/{folder}/{spot.name}")
