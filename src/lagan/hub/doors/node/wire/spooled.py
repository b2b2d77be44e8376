"""An answer of any length in little memory: made whole in a file without a name, then sent.

So its length is announced, and what fails while it is made is refused rather than cut off.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lagan.hub.doors.node.wire.server import Answer
from lagan.store.errors import as_refusals

GATHER = 1 << 18
"""Bytes that are written at once."""


def spooled(
    folder: Path, headers: Sequence[tuple[str, str]], pieces: Iterable[bytes], *, status: int = 200
) -> Answer:
    """The answer that the pieces make; `folder` is where there is room for it."""
    with unnamed(folder) as opened:
        for piece in gathered(pieces):
            opened.write(piece)
        return as_answer(opened, headers, status=status)


@contextmanager
def unnamed(folder: Path) -> Iterator[BinaryIO]:
    """A file that nobody else sees; closed when the block raises, the block's own otherwise."""
    with as_refusals(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        opened = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the answer closes it
        try:
            yield opened
        except BaseException:
            opened.close()
            raise


def as_answer(opened: BinaryIO, headers: Sequence[tuple[str, str]], *, status: int = 200) -> Answer:
    """All that was written to a file, as an answer that closes it."""
    opened.flush()
    size = opened.seek(0, 2)
    opened.seek(0)
    return Answer(status, headers, file=(opened, 0, size))


def gathered(pieces: Iterable[bytes], size: int = GATHER) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    held: list[bytes] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count >= size:
            yield b"".join(held)
            held, count = [], 0
    if held:
        yield b"".join(held)
