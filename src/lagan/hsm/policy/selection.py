"""Choosing, among any number of files, those that a run moves: the best first, no more than is to
be freed; in memory that holds one run and never grows with the filesystem.

How: a heap whose worst is thrown out while the others free enough without it. The alternative, two
walks with a histogram between them, holds less but walks twice (the walk is what costs), and what
it gives is in no order, so that a run that is stopped early has not moved the best. A run is
limited in files anyway, which bounds the heap: what is left is the next run's.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

from lagan.hsm.policy.definition import LARGEST, UNREAD


class Candidate(NamedTuple):
    """A file that a policy speaks of. The larger its `score`, the sooner it goes; `frees` bytes of
    disk. `unread` seconds; `owner` is a number."""

    score: float
    path: str
    size: int
    frees: int
    unread: float
    owner: int
    folder: str
    """The folder that a report counts it under."""
    disk: int = 0
    """Which filesystem it is in."""


def score(order: str, unread: float, frees: int) -> float:
    """What makes a file go before others."""
    if order == UNREAD:
        return unread
    return float(frees) if order == LARGEST else frees * max(0.0, unread)


class Selection:
    """The best of one filesystem: as many as free `need` bytes (None: all), at most `most_files`.
    `offered`, `offered_size` and `offered_frees` count all that came."""

    def __init__(self, need: int | None, most_files: int) -> None:
        self.need = need
        self.offered = self.offered_size = self.offered_frees = self.frees = 0
        self._most = most_files
        self._heap: list[Candidate] = []

    def offer(self, candidate: Candidate) -> None:
        """Take a candidate in, and out what is not needed any more with it."""
        self.offered += 1
        self.offered_size += candidate.size
        self.offered_frees += candidate.frees
        heapq.heappush(self._heap, candidate)
        self.frees += candidate.frees
        while self._heap and self._goes_without(self._heap[0]):
            self.frees -= heapq.heappop(self._heap).frees

    def chosen(self) -> list[Candidate]:
        """What was chosen, the best first."""
        return sorted(self._heap, reverse=True)

    def _goes_without(self, worst: Candidate) -> bool:
        if len(self._heap) > self._most:
            return True
        return self.need is not None and self.frees - worst.frees >= self.need


def limited(
    chosen: Iterable[Candidate], most_files: int, most_bytes: int | None
) -> list[Candidate]:
    """The best of `chosen` (of several filesystems, each sorted) that one run may move: the first
    file whose content would be too much is left, and all after it."""
    kept: list[Candidate] = []
    held = 0
    for each in chosen:
        held += each.size
        if len(kept) >= most_files or most_bytes is not None and held > most_bytes:
            break
        kept.append(each)
    return kept
