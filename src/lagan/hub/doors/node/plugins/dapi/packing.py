"""Compression within the node: no program is ever run, whatever a request or configuration names.

`method` reads the command line that deployed clients and configurations write (`gzip`, `gzip
--no-name`, `bzip2 -9`, `xz`) as one of the methods that are built in. What gzip gives has neither a
name nor a time in it, so that the same bytes always give the same bytes.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.kit.errors import BadInput

GZIP = "gzip"
_GZIP_FORM = 16 + zlib.MAX_WBITS
_LONGEST = 1 << 20
"""Bytes that unpacking gives at once."""
_PLAIN_OPTIONS = frozenset(
    {"-n", "-f", "-c", "--no-name", "--force", "--stdout", "--fast", "--best"}
)
_LEVELS = {f"-{level}": level for level in range(1, 10)}


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


Method = Callable[[], _Packer]


def method(command: str) -> Method:
    """What makes the compressor that a command line asks for. InvalidParameter for one that is not
    built in."""
    program, *options = command.split() or [""]
    unknown = [each for each in options if each not in _PLAIN_OPTIONS and each not in _LEVELS]
    level = next((_LEVELS[each] for each in options if each in _LEVELS), 6)
    known = _known(level).get(program)
    if known is None or unknown:
        raise InvalidParameter(
            f"compression is gzip, bzip2 or xz, not {command[:40]}", parameter="compression"
        )
    return known


def _known(level: int) -> dict[str, Method]:
    return {
        GZIP: lambda: zlib.compressobj(level, zlib.DEFLATED, _GZIP_FORM),
        "bzip2": lambda: bz2.BZ2Compressor(level),
        "xz": lambda: lzma.LZMACompressor(preset=level),
    }


def pack(pieces: Iterable[bytes], made: Method) -> Iterator[bytes]:
    """The compressed bytes, as a stream."""
    packer = made()
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def unpack(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes within a gzip file, of one or more members, as a stream of bounded pieces.
    BadInput when it is none, or damaged."""
    reader, whole = zlib.decompressobj(_GZIP_FORM), False
    for piece in pieces:
        left = piece
        while left:
            if whole:
                reader, whole = zlib.decompressobj(_GZIP_FORM), False
            try:
                given = reader.decompress(left, _LONGEST)
            except zlib.error as error:
                raise BadInput(f"it is no gzip file: {error}") from None
            if given:
                yield given
            whole = reader.eof
            left = reader.unused_data if whole else reader.unconsumed_tail
    if not whole:
        raise BadInput("its gzip stream is cut")
