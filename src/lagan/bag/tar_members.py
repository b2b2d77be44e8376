"""The members of a tar or tar.gz, streamed: plain files and folders only, nothing after the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from isal import isal_zlib

from lagan.bag.container import CORRUPT, Member, check_growth, check_members, gather
from lagan.bag.errors import Damage
from lagan.bag.limits import Limits
from lagan.bag.reader import BLOCK, Reader, Sequence, in_order, nothing, with_jumps
from lagan.bag.verdict import Findings
from lagan.kit import tar
from lagan.kit.digests import Buffer

_FILES, _FOLDER = b"0\x007", b"5"
_PAX, _GLOBAL, _LONG_NAME = b"x", b"g", b"L"
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a named pipe",
    b"K": "a link with a long target",
    b"S": "a sparse file",
    b"V": "a volume's label",
    b"M": "part of a file of another volume",
}
_RECORDS_LIMIT = 1 << 20
"""Bytes of one member's extended headers."""
_GLOBAL_KEYS = frozenset({b"comment", b"charset", b"mtime", b"atime"})
_OCTAL = re.compile(rb"[\0 ]*[0-7]*[\0 ]*")
_TAG_NAME = re.compile(
    r"(?:[^/]+/)?(?:bagit|bag-info|package-info|fetch|(?:tag)?manifest-[^/]*)\.txt"
)


@dataclass(slots=True)
class Entry(Member):
    """A member; `at` is where its content begins, in unpacked bytes."""

    at: int


class Tar:
    """A tar, packed by gzip or not, whose headers were found good."""

    def __init__(self, reader: Reader, limits: Limits, found: Findings, *, gzip: bool) -> None:
        self.form = "tar.gz" if gzip else "tar"
        self._reader, self._limits, self._gzip = reader, limits, gzip
        self._texts: dict[str, bytes] = {}
        self._room = limits.tag_file
        sequence = self._unpacked(nothing) if gzip else with_jumps(reader)
        self.members = list(self._index(sequence, found))
        check_members(self.members, limits, found)
        check_growth(sum(each.size for each in self.members), reader.size, limits)

    def read(self, member: Member, limit: int) -> bytes:
        """The content of a small file. Damage."""
        if member.name in self._texts:
            return self._texts[member.name]
        if not isinstance(member, Entry):
            raise TypeError("not a member of this tar")
        if self._gzip:
            sequence = self._unpacked(nothing)
            sequence.skip_to(member.at)
        else:
            sequence = in_order(self._reader, nothing, member.at)
        return gather(_content(sequence, member), limit)

    def contents(self, feed: Callable[[Buffer], None]) -> Iterator[tuple[Member, Iterator[Buffer]]]:
        """Every member with its content; see `Container`."""
        sequence = self._unpacked(feed) if self._gzip else in_order(self._reader, feed)
        for entry in self.members:
            sequence.skip_to(entry.at)
            yield entry, _content(sequence, entry)
        while sequence.some(BLOCK):
            pass

    def _unpacked(self, feed: Callable[[Buffer], None]) -> Sequence:
        pieces = _gunzip(self._reader, feed, self._limits)
        return Sequence(lambda: next(pieces, b""))

    def _index(self, sequence: Sequence, found: Findings) -> Iterator[Entry]:
        count = records = 0
        name, size = None, None
        while any(block := bytes(sequence.take(tar.BLOCK))):
            kind, told = _header(block)
            if kind in (_PAX, _GLOBAL, _LONG_NAME):
                records += told
                body = _records(sequence, told, records, self._limits)
                if kind == _LONG_NAME:
                    name = body.rstrip(b"\0")
                elif kind == _PAX:
                    name, size = _extended(body, name, size)
                else:
                    _check_global(body)
                continue
            count += 1
            if count > self._limits.members:
                raise Damage("limit-members", f"More than {self._limits.members} members.")
            entry = self._entry(sequence, block, _size(told, size, kind), name, found)
            name = size = None
            if not (entry.folder and entry.name == "."):
                yield entry
        _end(sequence)

    def _entry(
        self, sequence: Sequence, block: bytes, size: int, long_name: bytes | None, found: Findings
    ) -> Entry:
        raw = _name(block) if long_name is None else long_name
        if len(raw) > self._limits.name:
            raise Damage("limit-name", f"A name of {len(raw)} bytes.")
        check_growth(size, self._reader.size, self._limits)
        kind = block[156:157]
        name = _decode(raw, found).removesuffix("/")
        name = name if name == "." else name.removeprefix("./")
        if kind not in (_FOLDER, *(bytes([each]) for each in _FILES)):
            what = _KINDS.get(kind, f"of the unknown kind {kind!r}")
            code = "tar-sparse" if kind == b"S" else "member-kind"
            found.error(code, name, f"The member is {what}.")
        elif kind == _FOLDER and size:
            found.error("member-kind", name, "A folder that has content.")
        elif kind != _FOLDER and raw.endswith(b"/"):
            found.error("member-kind", name, "The member is a folder by name only.")
        entry = Entry(name, size, kind == _FOLDER, sequence.at)
        self._pass(sequence, entry)
        return entry

    def _pass(self, sequence: Sequence, entry: Entry) -> None:
        """Go to the next header; what a gzip would have to be unpacked again for is kept."""
        if self._gzip and _TAG_NAME.fullmatch(entry.name) and not entry.folder:
            text = gather(_content(sequence, entry), self._room)
            self._texts[entry.name] = text
            self._room -= len(text)
        sequence.skip_to(entry.at + entry.size + -entry.size % tar.BLOCK)


def is_tar(reader: Reader) -> bool:
    """Whether it begins with a header of a tar."""
    block = reader.read(0, tar.BLOCK)
    try:
        return len(block) == tar.BLOCK and any(block) and _header(block) is not None
    except Damage:
        return False


def _header(block: bytes) -> tuple[bytes, int]:
    """The kind of a header, and the size it tells."""
    try:
        tar.check(block)
        for start, end in ((124, 136), (100, 108)):
            if not block[start] & 0x80 and not _OCTAL.fullmatch(block[start:end]):
                raise Damage("tar-header", "A header holds no number where one belongs.")
        if block[124] == 0xFF:
            raise Damage("tar-header", "A header tells a negative size.")
        return block[156:157], tar.number(block[124:136])
    except tar.NotTar as refusal:
        raise Damage("tar-header", refusal.sentence) from None


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _decode(raw: bytes, found: Findings) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "replace")
        found.error("member-encoding", name, "The name is not UTF-8.")
        return name


def _records(sequence: Sequence, size: int, so_far: int, limits: Limits) -> bytes:
    if size > _RECORDS_LIMIT or so_far > limits.directory:
        raise Damage("limit-directory", f"An extended header of {size} bytes.")
    body = bytes(sequence.take(size))
    sequence.skip_to(sequence.at + -size % tar.BLOCK)
    return body


def _extended(body: bytes, name: bytes | None, size: int | None) -> tuple[bytes | None, int | None]:
    """Name and size of pax records; Damage for sparse files and what is there twice."""
    seen: set[bytes] = set()
    try:
        for key, value in tar.records(body):
            if key in seen:
                raise Damage("tar-records", "An extended header says one thing twice.")
            seen.add(key)
            if key.startswith(b"GNU.sparse"):
                raise Damage("tar-sparse", "The archive holds a sparse file.")
            if key == b"path":
                name = value
            elif key == b"size":
                if not value.isdigit() or len(value) > 19:
                    raise Damage("tar-records", "An extended header tells no proper size.")
                size = int(value)
    except tar.NotTar as refusal:
        raise Damage("tar-records", refusal.sentence) from None
    return name, size


def _check_global(body: bytes) -> None:
    try:
        keys = {key for key, _ in tar.records(body)}
    except tar.NotTar as refusal:
        raise Damage("tar-records", refusal.sentence) from None
    if not keys <= _GLOBAL_KEYS:
        raise Damage("tar-records", "A global header changes all that follow it.")


def _size(told: int, extended: int | None, kind: bytes) -> int:
    """The size that counts; Damage when header and records tell different ones."""
    if extended is not None:
        if told not in (0, extended):
            raise Damage("tar-records", "Header and extended header tell different sizes.")
        told = extended
    return 0 if kind in (b"1", b"2", b"3", b"4", b"6") else told


def _end(sequence: Sequence) -> None:
    """Two empty blocks end an archive, and nothing but zeros may follow."""
    if bytes(sequence.take(tar.BLOCK)).strip(b"\0"):
        raise Damage("tar-header", "An empty block stands between members.")
    while piece := sequence.some(BLOCK):
        if bytes(piece).strip(b"\0"):
            raise Damage("archive-junk", "Bytes follow the end of the archive.")


def _content(sequence: Sequence, entry: Entry) -> Iterator[Buffer]:
    left = entry.size
    while left:
        piece = sequence.some(min(left, BLOCK))
        if not piece:
            raise Damage("archive-truncated", "The archive ends within this member.")
        left -= len(piece)
        yield piece


def _gunzip(reader: Reader, feed: Callable[[Buffer], None], limits: Limits) -> Iterator[bytes]:
    """The unpacked bytes in pieces; Damage for all that is not gzip members, whole, to the end."""
    source = in_order(reader, feed)
    pending: Buffer = source.some(BLOCK)
    total = 0
    while pending:
        inflater = isal_zlib.decompressobj(31)
        while not inflater.eof:
            try:
                out = inflater.decompress(pending, BLOCK)
            except CORRUPT:
                raise Damage("gzip-data", "The compressed content is damaged.") from None
            pending = inflater.unconsumed_tail
            total += len(out)
            check_growth(total, reader.size, limits)
            if out:
                yield out
            elif not pending and not inflater.eof and not (pending := source.some(BLOCK)):
                raise Damage("archive-truncated", "The compressed content ends too early.")
        pending = inflater.unused_data or pending or source.some(BLOCK)
