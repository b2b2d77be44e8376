"""The central directory of a zip, read without trusting it: what it lists is where it says, once,
apart, and nothing else is in the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib

from lagan.bag.container import Member, check_growth
from lagan.bag.errors import Damage
from lagan.bag.limits import Limits
from lagan.bag.reader import Reader, Sequence, in_order, nothing
from lagan.bag.verdict import Findings

END = struct.Struct("<4s4H2LH")
LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
ENTRY = struct.Struct("<4s2B5H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
END_MARK, LOCATOR_MARK, END64_MARK = b"PK\5\6", b"PK\6\7", b"PK\6\6"
ENTRY_MARK, LOCAL_MARK = b"PK\1\2", b"PK\3\4"
LONGEST_COMMENT = 0xFFFF
STORED, DEFLATED = 0, 8
ENCRYPTED = 0x2041
"""Flag bits 0, 6 and 13: encrypted, strongly encrypted, directory masked."""
DESCRIPTOR, PATCH, UTF8 = 0x0008, 0x0020, 0x0800
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
ZIP64_EXTRA, UNICODE_PATH_EXTRA = 0x0001, 0x7075
_UNIX = {3, 19}
"""Systems that store a file's kind and permissions in the upper half of the attributes."""
_KINDS = {
    0o120000: "a symbolic link",
    0o060000: "a block device",
    0o020000: "a character device",
    0o010000: "a named pipe",
    0o140000: "a socket",
}


@dataclass(slots=True)
class Entry(Member):
    """A member as the central directory lists it. `at` is its local header's offset, `end` where
    what follows it begins; `packed` is in bytes."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the central directory lies, and how many members it says it has."""

    offset: int
    size: int
    count: int


def read_directory(reader: Reader, limits: Limits, found: Findings) -> list[Entry]:
    """The members in the order of their content. Damage when the whole cannot be trusted; what is
    wrong with single members is in `found`."""
    bounds = _bounds(reader)
    if bounds.count > limits.members:
        raise Damage("limit-members", f"{bounds.count} members; {limits.members} are allowed.")
    if bounds.size > limits.directory:
        raise Damage("limit-directory", f"The central directory has {bounds.size} bytes.")
    if bounds.count * ENTRY.size > bounds.size:
        raise Damage("zip-directory", "The central directory is too short for its entries.")
    entries = sorted(_entries(reader, bounds, limits, found), key=lambda entry: entry.at)
    _lay_out(entries, bounds.offset)
    for entry in entries:
        _check(entry, limits, found)
    check_growth(sum(entry.size for entry in entries), reader.size, limits)
    return entries


def is_zip(reader: Reader) -> bool:
    """Whether it begins or ends as a zip does."""
    start = reader.read(0, 4)
    return start in (LOCAL_MARK, END_MARK) or _find_end(reader) is not None


def _find_end(reader: Reader) -> tuple[int, bytes] | None:
    """The last end record and all after it; one whose comment ends with the file comes first."""
    start = max(0, reader.size - END.size - LONGEST_COMMENT)
    tail = reader.read(start, reader.size - start)
    best = None
    at = tail.rfind(END_MARK)
    while at >= 0:
        if at + END.size <= len(tail):
            comment = int.from_bytes(tail[at + END.size - 2 : at + END.size], "little")
            if at + END.size + comment == len(tail):
                return start + at, tail[at:]
            best = best or (start + at, tail[at:])
        at = tail.rfind(END_MARK, 0, at)
    return best


def _bounds(reader: Reader) -> Bounds:
    end = _find_end(reader)
    if end is None:
        raise Damage("archive-truncated", "The zip has no end record: its last part is missing.")
    at, tail = end
    _, disk, first, here, count, size, offset, comment = END.unpack_from(tail)
    if at + END.size + comment != reader.size:
        raise Damage("archive-junk", "Bytes follow the zip's end record.")
    if at >= LOCATOR.size and reader.read(at - LOCATOR.size, 4) == LOCATOR_MARK:
        at, bounds = _bounds64(reader, at - LOCATOR.size, (here, count, size, offset))
    else:
        if (disk, first) != (0, 0) or here != count:
            raise Damage("zip-disks", "The zip is one part of several.")
        if FULL16 in (here, count) and count * ENTRY.size > size or FULL32 in (size, offset):
            raise Damage("zip-zip64", "The zip64 end record is missing.")
        bounds = Bounds(offset, size, count)
    _check_bounds(bounds, at)
    return bounds


def _check_bounds(bounds: Bounds, end: int) -> None:
    if bounds.offset + bounds.size > end:
        raise Damage("zip-directory", "The central directory reaches over the end record.")
    if bounds.offset + bounds.size < end:
        raise Damage("archive-junk", "Bytes stand before the zip or between its directory and end.")


def _bounds64(reader: Reader, locator: int, small: tuple[int, int, int, int]) -> tuple[int, Bounds]:
    _, disk, at, disks = LOCATOR.unpack(reader.read(locator, LOCATOR.size))
    if disk != 0 or disks > 1:
        raise Damage("zip-disks", "The zip is one part of several.")
    if at + END64.size > locator:
        raise Damage("zip-zip64", "The zip64 end record is not where it should be.")
    record = END64.unpack(reader.read(at, END64.size))
    mark, length, _, _, number, first, here, count, size, offset = record
    if mark != END64_MARK or at + 12 + length != locator:
        raise Damage("zip-zip64", "The zip64 end record is not where it should be.")
    if (number, first) != (0, 0) or here != count:
        raise Damage("zip-disks", "The zip is one part of several.")
    full = (FULL16, FULL16, FULL32, FULL32)
    for old, new, filled in zip(small, (here, count, size, offset), full, strict=True):
        if old not in (filled, new):
            raise Damage("zip-zip64", "The two end records say different things.")
    return at, Bounds(offset, size, count)


def _entries(reader: Reader, bounds: Bounds, limits: Limits, found: Findings) -> Iterator[Entry]:
    sequence = in_order(reader, nothing, bounds.offset)
    end = bounds.offset + bounds.size
    for _ in range(bounds.count):
        yield _entry(sequence, end, limits, found)
    if sequence.at != end:
        raise Damage("zip-directory", "The central directory is not as long as it says.")


def _entry(sequence: Sequence, end: int, limits: Limits, found: Findings) -> Entry:
    fields = ENTRY.unpack(sequence.take(ENTRY.size))
    mark, _, system, _, flags, method, _, _, crc, packed, size = fields[:11]
    name_length, extra_length, comment_length, disk, _, attributes, at = fields[11:]
    if mark != ENTRY_MARK or sequence.at + name_length + extra_length + comment_length > end:
        raise Damage("zip-directory", "The central directory is malformed.")
    if name_length > limits.name:
        raise Damage("limit-name", f"A name of {name_length} bytes; {limits.name} are allowed.")
    raw_name = bytes(sequence.take(name_length))
    extra = extras(bytes(sequence.take(extra_length)))
    sequence.take(comment_length)
    size, packed, at, disk = widen(extra, size, packed, at, disk)
    name = _decode(raw_name, flags, system, extra, found)
    folder = name.endswith("/")
    name = name.removesuffix("/")
    kind = attributes >> 16 & 0o170000
    if kind in _KINDS:
        found.error("member-kind", name, f"The member is {_KINDS[kind]}.")
    if system in _UNIX and folder != (kind == 0o040000) and kind in (0o040000, 0o100000):
        found.error("member-kind", name, "The member is a folder by name or by attributes only.")
    if disk != 0:
        raise Damage("zip-disks", "The zip is one part of several.")
    return Entry(name, size, folder, raw_name, flags, method, crc, packed, at, 0)


def extras(raw: bytes) -> dict[int, bytes]:
    """Extra fields by number. Damage when they are malformed or one that counts is there twice."""
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(raw):
        number, length = struct.unpack_from("<2H", raw, at)
        if number in fields and number in (ZIP64_EXTRA, UNICODE_PATH_EXTRA):
            raise Damage("zip-directory", "An extra field is there twice.")
        fields[number] = raw[at + 4 : at + 4 + length]
        at += 4 + length
    if at > len(raw) or any(raw[at:]):
        raise Damage("zip-directory", "An extra field is longer than its place.")
    return fields


def widen(
    extra: dict[int, bytes], size: int, packed: int, at: int = 0, disk: int = 0
) -> tuple[int, int, int, int]:
    """The four numbers, taken from the zip64 field where their own place is full."""
    field = extra.get(ZIP64_EXTRA)
    if field is None:
        return size, packed, at, disk
    wide = []
    start = 0
    for number, full, length in (
        (size, FULL32, 8), (packed, FULL32, 8), (at, FULL32, 8), (disk, FULL16, 4)
    ):  # fmt: skip
        if number == full:
            piece = field[start : start + length]
            if len(piece) != length:
                raise Damage("zip-zip64", "A zip64 field is too short for what it must hold.")
            number, start = int.from_bytes(piece, "little"), start + length
        wide.append(number)
    return wide[0], wide[1], wide[2], wide[3]


def _decode(raw: bytes, flags: int, system: int, extra: dict[int, bytes], found: Findings) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    if flags & UTF8:
        return _utf8(raw, found)
    better = extra.get(UNICODE_PATH_EXTRA, b"")
    if better[:1] == b"\1" and better[1:5] == isal_zlib.crc32(raw).to_bytes(4, "little"):
        return _utf8(better[5:], found)
    try:
        name = raw.decode("utf-8") if system in _UNIX else raw.decode("cp437")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    found.warn(
        "zip-unflagged", name.removesuffix("/"),
        "The name is beyond ASCII and not marked as UTF-8: other programs may read it otherwise.",
    )  # fmt: skip
    return name


def _utf8(raw: bytes, found: Findings) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "replace")
        found.error("member-encoding", name, "The name is marked as UTF-8 and is not.")
        return name


def _lay_out(entries: list[Entry], directory: int) -> None:
    """Learn where each member ends; Damage where two share bytes or the first is not at 0."""
    if (entries[0].at if entries else directory) != 0:
        raise Damage("archive-junk", "Bytes stand before the first member.")
    for number, entry in enumerate(entries):
        entry.end = entries[number + 1].at if number + 1 < len(entries) else directory
        if entry.at + LOCAL.size + len(entry.raw_name) + entry.packed > entry.end:
            raise Damage("zip-overlap", f"{entry.name!r} reaches into what follows it.")


def _check(entry: Entry, limits: Limits, found: Findings) -> None:
    if entry.flags & ENCRYPTED:
        found.error("zip-encrypted", entry.name, "The member is encrypted.")
    elif entry.method not in (STORED, DEFLATED) or entry.flags & PATCH:
        found.error("zip-method", entry.name, f"Its method is {entry.method}, not 0 or 8.")
    elif entry.method == STORED and entry.packed != entry.size:
        found.error("zip-size", entry.name, "A stored member whose two sizes differ.")
    elif entry.folder and entry.size:
        found.error("member-kind", entry.name, "A folder that has content.")
    try:
        check_growth(entry.size, entry.packed, limits)
    except Damage as damage:
        found.error(damage.code, entry.name, damage.reason)
