"""Listings: what a site's files were like at one moment, sorted by path, on disk, read and written
as streams.

A listing is compressed with gzip, whose check sum and length tell a damaged or torn one. A record
is size, time of change of the content, of the facts (both in ns since the epoch), inode, and the
path.
"""

from __future__ import annotations

import gzip
import heapq
import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

from lagan.kit.errors import LaganError
from lagan.kit.files import Draft, sync_folder

HEAD = b"Lagan listing 1\n"
RUN = 100_000
"""Records that are sorted in memory, about 30 MB; more go to disk in sorted runs."""
RUNS = 200
"""Runs that are merged at once: open files, each with its buffer."""

_FACTS = struct.Struct(">qqqQH")
_PIECE = 1 << 18
_UNSETTLED = -1


class Record(NamedTuple):
    """A file as it was, which sorts by its path. `facts` are size, mtime, ctime, inode, packed."""

    path: bytes
    facts: bytes

    @property
    def size(self) -> int:
        """Bytes of the file."""
        size: int = _FACTS.unpack(self.facts)[0]
        return size


class Damaged(LaganError):
    """A saved listing cannot be read to its end; the next attempt goes without it."""

    code, status, exit, permanent = "listing-damaged", 503, 10, False


def record(path: bytes, size: int, mtime: int, ctime: int | None, inode: int) -> Record:
    """A record; times in ns. `ctime` None says that the file was changing just then: whatever it is
    found to be the next time counts as a change."""
    changed = _UNSETTLED if ctime is None else ctime
    return Record(path, _FACTS.pack(size, mtime, changed, inode, len(path)))


def is_same(before: Record, now: Record) -> bool:
    """Whether a file is as it was."""
    return before.facts == now.facts and _FACTS.unpack(before.facts)[2] != _UNSETTLED


class Writing:
    """A listing that is being written; it has its name once the block has ended well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = Draft.create(path.with_name(path.name + ".part"))
        self._packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        self._waiting: list[bytes] = [HEAD]
        self._held = 0

    def __enter__(self) -> Writing:
        return self

    def add(self, each: Record) -> None:
        """The next record, in the order of paths."""
        self._waiting += (each.facts, each.path)
        self._held += len(each.facts) + len(each.path)
        if self._held >= _PIECE:
            self._pack()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            if kind is None:
                self._pack()
                self._draft.write([self._packer.flush()])
                self._draft.flush()
                self._draft.close()
                self._draft.path.replace(self._path)
                sync_folder(self._path.parent)
        finally:
            self._draft.discard()

    def _pack(self) -> None:
        self._draft.write([self._packer.compress(b"".join(self._waiting))])
        self._waiting, self._held = [], 0


def read(path: Path) -> Iterator[Record]:
    """The records of a listing, in the order of paths. Damaged when it is not whole; the file is
    put aside then."""
    try:
        with gzip.open(path) as packed, io.BufferedReader(packed, _PIECE) as stream:
            if stream.read(len(HEAD)) != HEAD:
                raise EOFError
            yield from _records(stream)
    except (EOFError, gzip.BadGzipFile, zlib.error, struct.error):
        path.replace(path.with_name(path.name + ".damaged"))
        raise Damaged(
            f"The saved listing {path.name} is damaged; all files count as new."
        ) from None


def in_order(records: Iterable[Record], scratch: Path) -> Iterator[Record]:
    """All records sorted by path, in the memory of one run; `scratch` holds the others."""
    runs: list[Path] = []
    run: list[Record] = []
    for each in records:
        run.append(each)
        if len(run) >= RUN:
            runs.append(_save(sorted(run), scratch, len(runs)))
            run = []
            if len(runs) >= RUNS:
                runs = [_join(runs, scratch)]
    run.sort()
    with _merged(runs, run) as merged:
        yield from merged


def _records(stream: IO[bytes]) -> Iterator[Record]:
    while facts := stream.read(_FACTS.size):
        length = _FACTS.unpack(facts)[4]
        path = stream.read(length)
        if len(path) < length:
            raise EOFError
        yield Record(path, facts)


def _save(run: Iterable[Record], scratch: Path, number: int) -> Path:
    path = scratch / f"run-{number:06}"
    with gzip.open(path, "wb", compresslevel=1) as packed, io.BufferedWriter(packed, _PIECE) as out:
        for each in run:
            out.write(each.facts + each.path)
    return path


def _join(runs: list[Path], scratch: Path) -> Path:
    with _merged(runs, []) as merged:
        joined = _save(merged, scratch, 10**6 - 1)
    for each in runs:
        each.unlink()
    return joined.replace(scratch / "run-000000")


@contextmanager
def _merged(runs: list[Path], run: list[Record]) -> Iterator[Iterator[Record]]:
    with ExitStack() as opened:
        streams = [opened.enter_context(gzip.open(each)) for each in runs]
        yield heapq.merge(*(_records(each) for each in streams), run)  # type: ignore[arg-type]
