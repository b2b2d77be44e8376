"""What was stored on a volume, on the volume: append-only checksummed lines that need no database
to be read.

A line is eight hexadecimal digits (the CRC-32C of the rest), a space, a JSON object, a line feed. A
line cut by a crash was never acknowledged and is passed over; any other damage is reported with its
place.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crc32c import crc32c

from lagan.kit.digests import Buffer, Digests
from lagan.kit.errors import BadInput, NotFound
from lagan.store.layout import JOURNAL, UNFINISHED
from lagan.store.volume import ObjectStat, Volume

ROTATE = 64 << 20
"""Bytes after which the next journal file is begun: small enough to copy and read in a second."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file was stored: `length` bytes from `offset` of `object`.

    `id` is unique to this line, `file_id` and `version` are the archive's, `stored_at` is seconds
    since the epoch, `belongs` says whose it is (dataset, path, owner...) in JSON's types.
    """

    id: UUID
    file_id: str
    version: int
    name: str
    object: str
    offset: int
    length: int
    digests: Digests
    stored_at: float
    belongs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VoidLine:
    """The line `id` does not count, since `at` (seconds since the epoch)."""

    id: UUID
    at: float


@dataclass(frozen=True, slots=True)
class NoteLine:
    """Anything else that a reader without the database should know."""

    kind: str
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Damage:
    """A line (counted from 1) of the journal file `place` that cannot be trusted, and why."""

    place: str
    line: int
    reason: str


Line = FileLine | VoidLine | NoteLine

_dump = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
).encode
_dump_ascii = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode


class Journal:
    """The journal of one volume, or another one of its own in `folder`. Any thread may append; so
    may other processes."""

    def __init__(self, volume: Volume, folder: str = JOURNAL) -> None:
        self._volume = volume
        self._folder = folder
        self._lock = threading.Lock()
        self._number: int | None = None

    def append(self, lines: Sequence[Line]) -> None:
        """Add the lines with one flush; return when they are on stable storage."""
        self.append_encoded(encode(lines))

    def append_encoded(self, data: bytes) -> None:
        """The same for lines that `encode` made before."""
        if not data:
            return
        with self._lock:
            self._volume.append(self._current(), data)

    def entries(self) -> Iterator[Line | Damage]:
        """Everything in the journal in the order it was written, read as a stream."""
        for stat in self._files():
            yield from _entries(stat.name, self._volume.read(stat.name))

    def _files(self) -> Iterator[ObjectStat]:
        found = (each for each in self._volume.list(self._folder) if self._number_of(each.name))
        if self._volume.capabilities.appends:
            return iter(sorted(found, key=lambda each: (self._number_of(each.name), each.name)))
        return found

    def _current(self) -> str:
        if self._number is None:
            numbers = (self._number_of(each.name) for each in self._volume.list(self._folder))
            self._number = max(numbers, default=0) or 1
        if self._volume.capabilities.appends and self._size(self._number) >= ROTATE:
            self._number += 1
        return self._place(self._number)

    def _size(self, number: int) -> int:
        try:
            return self._volume.stat(self._place(number)).size
        except NotFound:
            return 0

    def _place(self, number: int) -> str:
        return f"{self._folder}{number:06d}.jsonl"

    def _number_of(self, name: str) -> int:
        """The number of the journal file that `name` is, or is a piece of; 0 for anything else."""
        stem, dot, _ = name.removeprefix(self._folder).partition(".jsonl")
        return int(stem) if dot and stem.isascii() and stem.isdigit() else 0


def encode(lines: Sequence[Line]) -> bytes:
    """The bytes of the lines. BadInput if something in them is no JSON."""
    return b"".join([_encode(line) for line in lines])


def _encode(line: Line) -> bytes:
    shown = _show(line)
    try:
        body = _bytes(shown)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"This cannot be written to a journal: {error}.") from None
    return b"%08x %b\n" % (crc32c(body), body)


def _bytes(shown: dict[str, Any]) -> bytes:
    try:
        return _dump(shown).encode()
    except UnicodeEncodeError:
        return _dump_ascii(shown).encode()


def _show(line: Line) -> dict[str, Any]:
    if isinstance(line, FileLine):
        return _show_file(line)
    if isinstance(line, VoidLine):
        return {"kind": "void", "id": str(line.id), "at": line.at}
    return {"kind": "note", "about": line.kind, "data": dict(line.data), "at": line.at}


def _show_file(line: FileLine) -> dict[str, Any]:
    digests = line.digests
    shown = {
        "kind": "file",
        "id": str(line.id),
        "file": line.file_id,
        "version": line.version,
        "name": line.name,
        "object": line.object,
        "offset": line.offset,
        "length": line.length,
        "size": digests.size,
        "crc32c": f"{digests.crc32c:08x}",
        "crc32": f"{digests.crc32:08x}",
        "stored": line.stored_at,
        "belongs": dict(line.belongs),
    }
    if digests.sha256 is not None:
        shown["sha256"] = digests.sha256
    if digests.blake3 is not None:
        shown["blake3"] = digests.blake3
    return shown


def _entries(place: str, pieces: Iterator[Buffer]) -> Iterator[Line | Damage]:
    for number, raw in enumerate(_lines(pieces), 1):
        if raw.endswith(UNFINISHED.rstrip(b"\n")) or not raw:
            continue
        try:
            yield _decode(raw)
        except _Damaged as error:
            yield Damage(place, number, str(error))


def _lines(pieces: Iterator[Buffer]) -> Iterator[bytes]:
    """Whole lines without their line feeds; what comes after the last line feed is torn and left
    out."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + bytes(piece)).split(b"\n")
        yield from whole


class _Damaged(Exception):  # noqa: N818 - never leaves this module
    pass


def _decode(raw: bytes) -> Line:
    stated, space, body = raw[:8], raw[8:9], raw[9:]
    if space != b" " or stated != b"%08x" % crc32c(body):
        raise _Damaged("the checksum does not agree")
    try:
        shown = json.loads(body)
        return _READERS[shown["kind"]](shown)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Damaged(f"not an entry of a journal: {type(error).__name__} {error}") from None


def _read_file(shown: Mapping[str, Any]) -> FileLine:
    return FileLine(
        id=UUID(shown["id"]),
        file_id=shown["file"],
        version=shown["version"],
        name=shown["name"],
        object=shown["object"],
        offset=shown["offset"],
        length=shown["length"],
        digests=Digests(
            shown["size"],
            int(shown["crc32c"], 16),
            int(shown["crc32"], 16),
            shown.get("sha256"),
            shown.get("blake3"),
        ),
        stored_at=shown["stored"],
        belongs=shown["belongs"],
    )


def _read_void(shown: Mapping[str, Any]) -> VoidLine:
    return VoidLine(UUID(shown["id"]), shown["at"])


def _read_note(shown: Mapping[str, Any]) -> NoteLine:
    return NoteLine(shown["about"], shown["data"], shown["at"])


_READERS: dict[str, Callable[[Mapping[str, Any]], Line]] = {
    "file": _read_file,
    "void": _read_void,
    "note": _read_note,
}
