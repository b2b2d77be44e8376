"""A dataset as one zip: planned once on disk, then streamed from any byte on, with memory that
does not grow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO
from uuid import UUID

from lagan.hub.access import zips
from lagan.hub.access.reading import read
from lagan.hub.access.zips import Part
from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.kit.digests import Buffer

_IN_MEMORY = 4 << 20
"""Bytes of the plan kept in memory before it goes to a file; a file of the dataset takes about
150."""
_LOCATED_AT_ONCE = 500


class ZipPlan:
    """What the zip consists of, as it was when it was asked for."""

    def __init__(self, actor: Actor, dataset: int) -> None:
        """Read the dataset's entries once. NotFound or Forbidden."""
        self.name = datasets.dataset(actor, dataset).name
        self._file: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
            _IN_MEMORY, mode="w+", encoding="utf-8"
        )
        self._count = self._start = self._directory = 0
        for entry in datasets.entries(actor, dataset):
            self._add(
                Part(
                    f"{self.name.replace('/', '_')}/{entry.path}",
                    entry.size,
                    entry.crc32,
                    entry.mtime_ns,
                ),
                entry.stored,
            )
        self._end = zips.end(count=self._count, start=self._start, size=self._directory)

    @property
    def size(self) -> int:
        """Bytes of the whole zip."""
        return self._start + self._directory + len(self._end)

    def _add(self, part: Part, stored: UUID) -> None:
        line = [part.name, part.size, part.crc32, part.mtime_ns, stored.hex]
        self._file.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._count += 1
        self._directory += len(zips.central_header(part, self._start))
        self._start += zips.length(part)

    def stream(self, start: int, stop: int) -> Iterator[Buffer]:
        """Bytes `start` to `stop` (exclusive) of the zip."""
        at = 0
        for header, part, stored in self._located(start, stop):
            yield from _cut([header], at, start, stop)
            at += len(header)
            low, high = max(0, start - at), min(part.size, stop - at)
            if low < high:
                yield from read(stored, low, high)
            at += part.size
        yield from _cut(self._closing(), self._start, start, stop)

    def close(self) -> None:
        """Give the plan's file back."""
        self._file.close()

    def _located(
        self, start: int, stop: int
    ) -> Iterator[tuple[bytes, Part, list[archive.Location]]]:
        """The files with their headers and replicas; replicas are looked up only for files within
        the range."""
        at = 0
        lines = self._lines()
        while some := list(islice(lines, _LOCATED_AT_ONCE)):
            needed, place = [], at
            for part, stored in some:
                if place < stop and place + zips.length(part) > start:
                    needed.append(stored)
                place += zips.length(part)
            found = archive.locations(needed) if needed else {}
            for part, stored in some:
                if at >= stop:
                    return
                yield zips.local_header(part), part, found.get(stored, [])
                at += zips.length(part)

    def _closing(self) -> Iterator[bytes]:
        at = 0
        for part, _ in self._lines():
            yield zips.central_header(part, at)
            at += zips.length(part)
        yield self._end

    def _lines(self) -> Iterator[tuple[Part, UUID]]:
        self._file.seek(0)
        for line in self._file:
            *facts, stored = json.loads(line)
            yield Part(*facts), UUID(stored)


def _cut(pieces: Iterator[bytes] | list[bytes], at: int, start: int, stop: int) -> Iterator[bytes]:
    """Of pieces that begin at byte `at`, what lies within the range."""
    for piece in pieces:
        if at >= stop:
            return
        if wanted := piece[max(0, start - at) : stop - at]:
            yield wanted
        at += len(piece)
