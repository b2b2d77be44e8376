"""What the bytes of a copy must be, as far as anybody knows, and a check of them on their way.

The last piece is held back until all are known to be right: who gets every byte has the file, who
gets fewer sees it by the announced length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import crc32c as _crc32c
from isal import isal_zlib

from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.wire.body import Cut
from lagan.kit.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Expected:
    """Size in bytes, and those of the two sums that are known."""

    size: int
    crc32c: int | None = None
    crc32: int | None = None

    @property
    def checkable(self) -> bool:
        """Whether more than the size is known."""
        return self.crc32c is not None or self.crc32 is not None

    def check(self) -> Check:
        """A check that has seen nothing yet."""
        return Check(self)


class Check:
    """Takes bytes in order; one sum is enough, and is taken once."""

    def __init__(self, expected: Expected) -> None:
        self._expected, self._sum, self._size = expected, 0, 0

    def update(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._size += len(piece)
        if self._expected.crc32c is not None:
            self._sum = _crc32c.crc32c(piece, self._sum)
        elif self._expected.crc32 is not None:
            self._sum = isal_zlib.crc32(piece, self._sum)

    def finding(self) -> str:
        """What is wrong with all that was taken; empty when nothing is."""
        known = self._expected
        if self._size != known.size:
            return f"it has {self._size} bytes instead of {known.size}"
        wanted = known.crc32c if known.crc32c is not None else known.crc32
        if wanted is not None and self._sum != wanted:
            return f"its checksum is {self._sum} instead of {wanted}"
        return ""


def expected_of(row: StoredFile, proof: Proof | None) -> Expected:
    """What we measured ourselves, else what the catalogue says."""
    size = int(row.file_size)
    if proof is not None:
        return Expected(size, int(proof.crc32c), int(proof.crc32))
    return announced(size, row.checksum, row.checksum_plugin)


def announced(size: int, checksum: str | None, name: str | None) -> Expected:
    """What a checksum by its name in the catalogue says; only the size when it says nothing."""
    try:
        variant = checksums.variant_of(name or "")
        number = int(checksum or "") & checksums.MASK
    except ValueError:
        return Expected(size)
    if variant is None:
        return Expected(size)
    if variant == checksums.CRC32C:
        return Expected(size, crc32c=number)
    return Expected(size, crc32=number)


def checked(
    pieces: Iterable[bytes], expected: Expected, damaged: Callable[[str], None]
) -> Iterator[bytes]:
    """The pieces, the last of them only when all are right. Otherwise `damaged` is told what is
    wrong, and Cut ends the answer."""
    check, held = expected.check(), b""
    try:
        for piece in pieces:
            check.update(piece)
            if held:
                yield held
            held = piece
    except Unavailable as error:
        raise Cut(error.sentence) from None
    if finding := check.finding():
        damaged(finding)
        raise Cut(f"What was on its way is damaged: {finding}.")
    if held:
        yield held
