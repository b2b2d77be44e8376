"""A staged file that comes in chunks: each is compared with its checksum and durable before it is
acknowledged, and the next one begins where the last one ended."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

import xxhash
from django.conf import settings

from lagan.gate.place import Place
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import services as datasets
from lagan.hub.ingest.holding import Hold
from lagan.hub.instruments import taking
from lagan.hub.instruments.datafiles import FileRow, file_at
from lagan.hub.instruments.errors import WrongChunk
from lagan.hub.instruments.models import DataFile
from lagan.hub.instruments.rules import chunk_size
from lagan.hub.instruments.staging import prepare_folder, reachable
from lagan.kit.errors import BadInput, Conflict, NotFound, TooLarge
from lagan.kit.files import write_all

CHECKSUM = "xxh3_64"
"""What programs are asked for; an MD5, which has more digits, is understood as well."""
_RANGE = re.compile(r"(?:bytes )?(\d{1,18})-(\d{1,18})/(\d{1,18})")


class Sum(Protocol):
    """A checksum while it is computed."""

    def update(self, data: bytes, /) -> object:
        """The next bytes."""

    def hexdigest(self) -> str:
        """Of all bytes so far."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a file is: `offset` bytes came, in chunks of `size` bytes."""

    completed: bool
    verified: bool
    offset: int
    size: int


def standing(*, by: Actor, file: int) -> Standing:
    """How far it is; an empty one is complete at once. NotFound for a file that is not awaited."""
    row = _awaited(by, file)
    if not row.verified and row.size == 0:
        _make_empty(row)
        taking.verify(by=by, file=file)
        row = file_at(by, file)
    received = row.size if row.verified else _received(file)
    return Standing(received == row.size, row.verified, received, chunk_size(row.size))


def complete(*, by: Actor, file: int) -> bool:
    """All chunks came: the file is taken in, at once or soon; whether it is stored already.
    Conflict while some are missing."""
    row = _awaited(by, file)
    received = row.size if row.verified else _received(file)
    if received != row.size:
        raise Conflict(f"{received} of {row.size} bytes have arrived.", file=file)
    if row.size == 0 and not row.verified:
        _make_empty(row)
    taking.verify(by=by, file=file)
    return file_at(by, file).verified


def _awaited(by: Actor, file: int) -> FileRow:
    row = file_at(by, file)
    if row.verified:
        return row
    if not row.staged or row.uploader is None:
        raise NotFound(f"File {file} is not awaited.", file=file)
    datasets.require_open(by=by, dataset=row.dataset)
    return row


def _received(file: int) -> int:
    return DataFile.objects.values_list("received", flat=True).get(pk=file)


def _make_empty(row: FileRow) -> None:
    os.close(_open(row))


def _open(row: FileRow) -> int:
    """The staged file to be gone on with."""
    assert row.uploader is not None  # noqa: S101
    place = Place(prepare_folder(row.uploader))
    with reachable():
        place.make_folders(row.staged.rpartition("/")[0])
        return place.create(row.staged, cut=False)


class Chunk:
    """One chunk on its way. All calls block; one thread at a time; release it in the end."""

    def __init__(self, *, by: Actor, file: int, place: str, checksum: str) -> None:
        """`place` is `<start>-<end>/<size>`, the end not included. BadInput, TooLarge, WrongChunk
        for one that is not the next, Locked while another one of the file is written."""
        row = _awaited(by, file)
        self._start, self._end = _place(place, row)
        self._sum, self._announced = _sum(checksum)
        self._file, self._came = file, 0
        run = settings.CONFIG.data / "run"
        self._hold = Hold(run, uuid5(NAMESPACE_URL, f"lagan:file:{file}"))
        try:
            received = _received(file)
            if row.verified or received != self._start:
                raise WrongChunk(f"The next chunk begins at {received}.", offset=received)
            self._descriptor = _open(row)
            with reachable():
                os.ftruncate(self._descriptor, self._start)
        except BaseException:
            self._hold.release()
            raise

    def write(self, pieces: Sequence[bytes]) -> None:
        """The next bytes. TooLarge beyond the chunk's end, NoSpace, Unavailable."""
        count = sum(map(len, pieces))
        if self._start + self._came + count > self._end:
            raise TooLarge("The chunk has more bytes than it says.")
        for each in pieces:
            self._sum.update(each)
        with reachable():
            write_all(self._descriptor, pieces, self._start + self._came)
        self._came += count

    def keep(self) -> None:
        """All of it came. WrongChunk when it is not what the checksum says, or not whole."""
        if self._start + self._came != self._end:
            raise WrongChunk(f"{self._came} of {self._end - self._start} bytes came.")
        if self._sum.hexdigest() != self._announced:
            raise WrongChunk("The chunk does not have its checksum.")
        with reachable():
            os.fsync(self._descriptor)
        DataFile.objects.filter(pk=self._file).update(received=self._end, problem="")

    def release(self) -> None:
        """Let go; what was not kept is cut off by the next one."""
        os.close(self._descriptor)
        self._hold.release()


def _place(text: str, row: FileRow) -> tuple[int, int]:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise BadInput("Content-Range is <start>-<end>/<size>.", header="Content-Range")
    start, end, size = (int(each) for each in found.groups())
    if size != row.size or not start < end <= size:
        raise BadInput(f"The file has {row.size} bytes.", header="Content-Range")
    most = chunk_size(row.size)
    if end - start > most:
        raise TooLarge(f"A chunk of this file has at most {most} bytes.", limit=most)
    return start, end


def _sum(text: str) -> tuple[Sum, str]:
    announced = text.strip().lower()
    match len(announced):
        case 16:
            return xxhash.xxh3_64(), announced
        case 32:
            return hashlib.md5(usedforsecurity=False), announced
    raise BadInput("Checksum is an XXH3 of 64 bits or an MD5, in hex.", header="Checksum")
