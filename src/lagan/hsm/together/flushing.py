"""Flushes of open files, many at once: one file's failure is its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lagan.hsm.together.group import Need, by_hands


@dataclass(frozen=True, slots=True)
class Flush(Need):
    """Until the open file, its time and its attributes last.

    One fsync a file, side by side, and not one `syncfs`: the kernel writes their journal entries
    together anyway (measured: 256 files in 25 to 100 ms either way), and `syncfs` would wait for
    whatever else is being written on the filesystem, and could not say whose flush failed.
    """

    descriptor: int
    rank = 60

    @classmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        """Flush each."""
        return by_hands(lambda need: os.fsync(need.descriptor), needs)
