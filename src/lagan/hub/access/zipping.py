"""A dataset as one zip: planned once on disk, then streamed from any byte on, with memory that
does not grow."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO
from uuid import UUID
from zlib import crc32

from lagan.hub.access import zips
from lagan.hub.access.reading import read
from lagan.hub.access.zips import Part
from lagan.hub.archive import queries as archive
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets.reach import Reach
from lagan.kit.digests import Buffer
from lagan.kit.errors import Conflict

_IN_MEMORY = 4 << 20
"""Bytes of the plan kept in memory before it goes to a file; a file of the dataset takes about
150."""
_LOCATED_AT_ONCE = 500
METADATA = "ro-crate-metadata.json"
"""What RO-Crate 1.1 calls the file that describes all others."""
_EXTRA = UUID(int=0)
"""Stands in the plan for the file that is made with it."""


class ZipPlan:
    """What the zip consists of, as it was when it was asked for."""

    def __init__(
        self, reach: Reach, name: str, crate: Callable[[], Iterator[bytes]] | None = None
    ) -> None:
        """Read what is within reach once; all of it lies in a folder `name`.

        With `crate`, the pieces of an RO-Crate's metadata file, that file comes first. Conflict
        when the dataset has one of its own.
        """
        self.name = name
        self._extra: IO[bytes] | None = None
        self._file: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
            _IN_MEMORY, mode="w+", encoding="utf-8"
        )
        self._count = self._start = self._directory = 0
        try:
            self._read(reach, crate)
        except BaseException:
            self.close()
            raise
        self._end = zips.end(count=self._count, start=self._start, size=self._directory)

    @property
    def size(self) -> int:
        """Bytes of the whole zip."""
        return self._start + self._directory + len(self._end)

    def _read(self, reach: Reach, crate: Callable[[], Iterator[bytes]] | None) -> None:
        top = self.name.replace("/", "_")
        if crate is not None:
            self._add(self._spooled(f"{top}/{METADATA}", crate()), _EXTRA)
        for entry in reaching.entries(reach):
            path = reaching.outside(reach, entry.path)
            if crate is not None and path == METADATA:
                raise Conflict(f"The dataset has a {METADATA} of its own; take it without crate.")
            self._add(Part(f"{top}/{path}", entry.size, entry.crc32, entry.mtime_ns), entry.stored)

    def _spooled(self, name: str, pieces: Iterator[bytes]) -> Part:
        """A file that is made now: written aside, because a zip's headers tell its length and
        CRC."""
        self._extra = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        crc = 0
        for piece in pieces:
            crc = crc32(piece, crc)
            self._extra.write(piece)
        return Part(name, self._extra.tell(), crc, time.time_ns())

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
            if low < high and stored is None:
                yield from self._read_extra(low, high)
            elif low < high:
                yield from read(stored or [], low, high)
            at += part.size
        yield from _cut(self._closing(), self._start, start, stop)

    def close(self) -> None:
        """Give the plan's files back."""
        self._file.close()
        if self._extra is not None:
            self._extra.close()

    def _read_extra(self, start: int, stop: int) -> Iterator[bytes]:
        assert self._extra is not None  # noqa: S101
        self._extra.seek(start)
        while piece := self._extra.read(min(1 << 20, stop - start)):
            start += len(piece)
            yield piece

    def _located(
        self, start: int, stop: int
    ) -> Iterator[tuple[bytes, Part, list[archive.Location] | None]]:
        """The files with their headers and replicas (None for the one made here); replicas are
        looked up only for files within the range."""
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
                where = None if stored == _EXTRA else found.get(stored, [])
                yield zips.local_header(part), part, where
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
