"""A zip written in one pass at the end of a draft: the same members give the same bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isal import isal_zlib

from lagan.bag.reader import BLOCK
from lagan.bag.zip_directory import (
    DEFLATED,
    END,
    END64,
    END64_MARK,
    END_MARK,
    ENTRY,
    ENTRY_MARK,
    FULL16,
    FULL32,
    LOCAL,
    LOCAL_MARK,
    LOCATOR,
    LOCATOR_MARK,
    STORED,
    UTF8,
    ZIP64_EXTRA,
)
from lagan.kit.digests import Buffer
from lagan.kit.files import Draft
from lagan.kit.sizes import MIB

_HELD = 8 * MIB
"""Content up to this size is written with its header; of a longer one the header is put right
afterwards."""
_DAY = 0x21
"""1 January 1980, the first day of zip: the time of day a bag was packed is no part of it."""
_UNIX, _NEEDED, _NEEDED64 = 3 << 8 | 63, 20, 45
_FILE, _FOLDER = 0o100644 << 16, 0o040755 << 16 | 0x10


@dataclass(frozen=True, slots=True)
class _Written:
    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    at: int
    attributes: int


class ZipWriter:
    """Members go in one after the other; `finish` writes the directory."""

    def __init__(self, draft: Draft, *, compress: bool) -> None:
        self._draft = draft
        self._method = DEFLATED if compress else STORED
        self._members: list[_Written] = []

    def folder(self, name: str) -> None:
        """An empty folder."""
        member = _Written(f"{name}/".encode(), STORED, 0, 0, 0, self._draft.size, _FOLDER)
        self._draft.write([_local(member, wide=False)])
        self._members.append(member)

    def file(self, name: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        """Write a file while its pieces are taken from what this gives back."""
        blocks = _even(pieces)
        held: list[bytes] = []
        for block in blocks:
            held.append(block)
            yield block
            if len(held) * BLOCK >= _HELD:
                yield from self._long(name.encode(), held, blocks)
                return
        self._short(name.encode(), held)

    def finish(self) -> None:
        """Write the central directory; nothing comes after."""
        start = self._draft.size
        for first in range(0, len(self._members), 1000):
            self._draft.write([_entry(each) for each in self._members[first : first + 1000]])
        self._draft.write([_ends(start, self._draft.size - start, len(self._members))])

    def _short(self, name: bytes, held: list[bytes]) -> None:
        at = self._draft.size
        packer = _Packer(self._method)
        packed = [*(packer.take(block) for block in held), packer.end()]
        member = _Written(name, self._method, packer.crc, packer.packed, packer.size, at, _FILE)
        self._draft.write([_local(member, wide=False), *packed])
        self._members.append(member)

    def _long(self, name: bytes, held: list[bytes], blocks: Iterator[bytes]) -> Iterator[Buffer]:
        at = self._draft.size
        packer = _Packer(self._method)
        blank = _Written(name, self._method, 0, 0, 0, at, _FILE)
        self._draft.write([_local(blank, wide=True), *map(packer.take, held)])
        held.clear()
        for block in blocks:
            yield block
            self._draft.write([packer.take(block)])
        self._draft.write([packer.end()])
        member = _Written(name, self._method, packer.crc, packer.packed, packer.size, at, _FILE)
        os.pwrite(self._draft.fileno(), _local(member, wide=True), at)
        self._members.append(member)


class _Packer:
    """Content as it goes into a zip, with what the headers must say of it."""

    def __init__(self, method: int) -> None:
        self.crc = self.size = self.packed = 0
        self._deflater = None if method == STORED else isal_zlib.compressobj(wbits=-15)

    def take(self, block: bytes) -> bytes:
        self.crc = isal_zlib.crc32(block, self.crc)
        self.size += len(block)
        out = block if self._deflater is None else self._deflater.compress(block)
        self.packed += len(out)
        return out

    def end(self) -> bytes:
        out = b"" if self._deflater is None else self._deflater.flush()
        self.packed += len(out)
        return out


def _even(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """The pieces cut anew into blocks: what a deflater makes may depend on how it is fed."""
    pending = bytearray()
    for piece in pieces:
        if not pending and len(piece) == BLOCK:
            yield bytes(piece)
            continue
        pending += piece
        while len(pending) >= BLOCK:
            yield bytes(pending[:BLOCK])
            del pending[:BLOCK]
    if pending:
        yield bytes(pending)


def _local(member: _Written, *, wide: bool) -> bytes:
    """A local header; a wide one has both sizes in a zip64 field, whatever they are."""
    flags = 0 if member.name.isascii() else UTF8
    packed, size = (FULL32, FULL32) if wide else (member.packed, member.size)
    extra = struct.pack("<2H2Q", ZIP64_EXTRA, 16, member.size, member.packed) if wide else b""
    header = LOCAL.pack(
        LOCAL_MARK, _NEEDED64 if wide else _NEEDED, flags, member.method, 0, _DAY, member.crc,
        packed, size, len(member.name), len(extra),
    )  # fmt: skip
    return header + member.name + extra


def _entry(member: _Written) -> bytes:
    flags = 0 if member.name.isascii() else UTF8
    numbers = (member.size, member.packed, member.at)
    full = [number for number in numbers if number >= FULL32]
    extra = struct.pack(f"<2H{len(full)}Q", ZIP64_EXTRA, 8 * len(full), *full) if full else b""
    size, packed, at = (min(number, FULL32) for number in numbers)
    header = ENTRY.pack(
        ENTRY_MARK, _UNIX & 0xFF, _UNIX >> 8, _NEEDED64 if full else _NEEDED, flags, member.method,
        0, _DAY, member.crc, packed, size, len(member.name), len(extra), 0, 0, 0,
        member.attributes, at,
    )  # fmt: skip
    return header + member.name + extra


def _ends(start: int, length: int, count: int) -> bytes:
    """The end record, behind those of zip64 where a number is too large for it."""
    small = END.pack(
        END_MARK, 0, 0, min(count, FULL16), min(count, FULL16), min(length, FULL32),
        min(start, FULL32), 0,
    )  # fmt: skip
    if count < FULL16 and length < FULL32 and start < FULL32:
        return small
    record = END64.pack(
        END64_MARK, END64.size - 12, _UNIX, _NEEDED64, 0, 0, count, count, length, start
    )
    return record + LOCATOR.pack(LOCATOR_MARK, 0, start + length, 1) + small
