"""The members of a zip, streamed: each local header is held against the directory, every byte is
accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isal import isal_zlib

from lagan.bag.container import CORRUPT, Member, check_members, gather
from lagan.bag.errors import Damage
from lagan.bag.limits import Limits
from lagan.bag.reader import BLOCK, Reader, Sequence, in_order, nothing
from lagan.bag.verdict import Findings
from lagan.bag.zip_directory import (
    DEFLATED,
    DESCRIPTOR,
    LOCAL,
    LOCAL_MARK,
    Entry,
    extras,
    read_directory,
    widen,
)
from lagan.kit.digests import Buffer

_COUNTED_FLAGS = 0x2869
"""Flag bits that must be the same in both headers: encryption, descriptor, patch, UTF-8."""


class Zip:
    """A zip whose directory was found good."""

    form = "zip"

    def __init__(self, reader: Reader, limits: Limits, found: Findings) -> None:
        self._reader = reader
        self.members = read_directory(reader, limits, found)
        check_members(self.members, limits, found)

    def read(self, member: Member, limit: int) -> bytes:
        """The content of a small file. Damage."""
        if not isinstance(member, Entry):
            raise TypeError("not a member of this zip")
        sequence = in_order(self._reader, nothing, member.at)
        return gather(_content(sequence, member), limit)

    def contents(self, feed: Callable[[Buffer], None]) -> Iterator[tuple[Member, Iterator[Buffer]]]:
        """Every member with its content; see `Container`."""
        sequence = in_order(self._reader, feed)
        for entry in self.members:
            yield entry, _content(sequence, entry)
            sequence.skip_to(entry.end)
        sequence.skip_to(self._reader.size)


def _content(sequence: Sequence, entry: Entry) -> Iterator[Buffer]:
    _local_header(sequence, entry)
    crc = size = 0
    end = sequence.at + entry.packed
    inflated = _inflate(sequence, entry.packed, entry.size)
    for piece in inflated if entry.method == DEFLATED else _stored(sequence, entry.packed):
        crc = isal_zlib.crc32(piece, crc)
        size += len(piece)
        yield piece
    if size != entry.size or sequence.at != end:
        raise Damage("zip-size", f"{size} bytes are there; {entry.size} were announced.")
    if crc != entry.crc:
        raise Damage("zip-crc", "The content does not have the CRC that the zip announces.")
    _after(sequence, entry)


def _local_header(sequence: Sequence, entry: Entry) -> None:
    fields = LOCAL.unpack(sequence.take(LOCAL.size))
    mark, _, flags, method, _, _, crc, packed, size, name_length, extra_length = fields
    if mark != LOCAL_MARK:
        raise Damage("zip-local", "There is no local header where the directory says.")
    if sequence.at + name_length + extra_length + entry.packed > entry.end:
        raise Damage("zip-overlap", "The member reaches into what follows it.")
    if sequence.take(name_length) != entry.raw_name:
        raise Damage("zip-local", "The local header has another name than the directory.")
    size, packed, _, _ = widen(extras(bytes(sequence.take(extra_length))), size, packed)
    if method != entry.method or (flags ^ entry.flags) & _COUNTED_FLAGS:
        raise Damage("zip-local", "The local header has another method or flags.")
    told, known = (crc, packed, size), (entry.crc, entry.packed, entry.size)
    if told != known and not (flags & DESCRIPTOR and _unset(told, known)):
        raise Damage("zip-local", "The local header has another size or CRC than the directory.")


def _unset(told: tuple[int, int, int], known: tuple[int, int, int]) -> bool:
    """With a descriptor the local numbers may be left at zero, each for itself."""
    return all(a in (0, b) for a, b in zip(told, known, strict=True))


def _stored(sequence: Sequence, packed: int) -> Iterator[Buffer]:
    while packed:
        piece = sequence.some(min(packed, BLOCK))
        if not piece:
            raise Damage("archive-truncated", "The archive ends within this member.")
        packed -= len(piece)
        yield piece


def _inflate(sequence: Sequence, packed: int, size: int) -> Iterator[Buffer]:
    inflater = isal_zlib.decompressobj(-15)
    for piece in _stored(sequence, packed):
        pending: Buffer = piece
        while pending and not inflater.eof:
            try:
                out = inflater.decompress(pending, BLOCK)
            except CORRUPT:
                raise Damage("zip-data", "The compressed content is damaged.") from None
            pending = inflater.unconsumed_tail
            size -= len(out)
            if size < 0:
                raise Damage("zip-size", "It unpacks to more bytes than were announced.")
            if out:
                yield out
        if inflater.eof and (pending or inflater.unused_data):
            raise Damage("zip-data", "Bytes follow the end of the compressed content.")
    while not inflater.eof and (out := _drain(inflater)):
        size -= len(out)
        if size < 0:
            raise Damage("zip-size", "It unpacks to more bytes than were announced.")
        yield out
    if not inflater.eof:
        raise Damage("zip-data", "The compressed content ends too early.")


def _drain(inflater: isal_zlib.Decompress) -> bytes:
    """What the inflater has kept back because a piece was full."""
    try:
        out: bytes = inflater.decompress(b"", BLOCK)
    except CORRUPT:
        raise Damage("zip-data", "The compressed content is damaged.") from None
    return out


def _after(sequence: Sequence, entry: Entry) -> None:
    """Hold what follows the content against the directory: a descriptor, or nothing."""
    length = entry.end - sequence.at
    if not entry.flags & DESCRIPTOR:
        if length:
            raise Damage("archive-junk", f"{length} bytes follow it that belong to no member.")
        return
    if length not in (12, 16, 20, 24):
        raise Damage("zip-descriptor", "What follows it is no data descriptor.")
    told = bytes(sequence.take(length))
    width = 8 if length >= 20 else 4
    values = entry.crc.to_bytes(4, "little")
    for number in (entry.packed, entry.size):
        values += (number % 256**width).to_bytes(width, "little")
    if told not in (values, b"PK\7\10" + values):
        raise Damage("zip-descriptor", "The data descriptor says another thing than the directory.")
