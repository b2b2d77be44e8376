"""One file sent whole by a resumable upload: what the hub has already is read again only to know
its digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lagan.client.uploads import Stored, Uploads
from lagan.kit.errors import BadInput, LaganError

if TYPE_CHECKING:
    from lagan.client.hub import Hub

PIECE = 1 << 20
"""Bytes read, hashed and sent at a time."""
LAST = 64 << 10
"""Bytes kept for the last request, which carries the digest of the whole."""


class Changed(LaganError):
    """A file was not the same after it was sent as before; nothing of it was archived."""

    code, status, exit = "changed", 409, 6


class Unreadable(LaganError):
    """A file of ours could not be read to its end."""

    code, status, exit = "unreadable", 400, 2


class Opened:
    """A file of ours, open, with the stat it had when it was opened."""

    def __init__(self, descriptor: int, shown: str) -> None:
        self.descriptor, self.shown = descriptor, shown
        self.before = os.fstat(descriptor)
        self.size = self.before.st_size

    def unchanged(self) -> bool:
        """Whether size and modification time are still those of the opening."""
        now = os.fstat(self.descriptor)
        return (now.st_size, now.st_mtime_ns) == (self.before.st_size, self.before.st_mtime_ns)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`. Raises Changed when the file is shorter,
        Unreadable."""
        try:
            piece = _pread(self.descriptor, length, offset)
        except OSError as error:
            raise Unreadable(f"{self.shown} cannot be read: {error.strerror}.") from None
        if len(piece) != length:
            raise Changed(f"{self.shown} became shorter while it was sent.")
        return piece

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`."""
        for offset in range(start, end, PIECE):
            yield self.read(offset, min(PIECE, end - offset))


def send_opened(
    uploads: Uploads, source: Opened, upload: str, offset: int, on_bytes: Callable[[int], None]
) -> Stored:
    """Send what the hub lacks of `source`, then let it compare the whole.

    Changed when the file is not what it was at its opening: the upload is then given up.
    """
    hasher = hashlib.sha256()
    for piece in source.pieces(0, offset):
        hasher.update(piece)
    last = max(offset, source.size - LAST)
    try:
        if last > offset:
            body = _hashed(source.pieces(offset, last), hasher, on_bytes)
            uploads.append(upload, offset, body, last - offset)
        rest = source.read(last, source.size - last)
        if not source.unchanged():
            raise Changed(f"{source.shown} changed while it was sent.")
    except Changed:
        uploads.discard(upload)
        raise
    hasher.update(rest)
    stored = uploads.finish(upload, last, rest, source.size, hasher.hexdigest())
    on_bytes(len(rest))
    return stored


def upload_whole(
    hub: Hub, source: Path, dataset: str, path: str, resume: str | None,
    on_created: Callable[[str], None], on_bytes: Callable[[int], None],
) -> Stored:  # fmt: skip
    """See `Hub.upload`."""
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from None
    try:
        opened = Opened(descriptor, str(source))
        if opened.size == 0:
            return hub.put(dataset, path, b"", opened.before.st_mtime_ns)
        offset = hub.uploads.offset(resume) if resume else None
        upload = resume
        if upload is None or offset is None or offset > opened.size:
            upload = hub.uploads.create(dataset, path, opened.size, opened.before.st_mtime_ns)
            on_created(upload)
            offset = 0
        return send_opened(hub.uploads, opened, upload, offset, on_bytes)
    finally:
        os.close(descriptor)


def _hashed(
    pieces: Iterator[bytes], hasher: Any, on_bytes: Callable[[int], None]
) -> Iterator[bytes]:
    """The same pieces; each is hashed in a thread while it is sent (neither holds the GIL)."""
    with ThreadPoolExecutor(1) as pool:
        for piece in pieces:
            hashing = pool.submit(hasher.update, piece)
            yield piece
            hashing.result()
            on_bytes(len(piece))


def _pread(descriptor: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        piece = os.pread(descriptor, length, offset)
    else:
        os.lseek(descriptor, offset, os.SEEK_SET)
        piece = os.read(descriptor, length)
    while piece and len(piece) < length:
        more = _pread(descriptor, length - len(piece), offset + len(piece))
        if not more:
            break
        piece += more
    return piece
