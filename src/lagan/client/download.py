"""Fetched files get their name only when every byte is there and right; a cut connection is gone
on with."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import BinaryIO

from lagan.client.uploads import Stored, repr_digest
from lagan.kit.errors import BadInput, Conflict, DigestMismatch, Unavailable
from lagan.kit.http import Answer, Http, pause

TRIES = 5
"""Connections in a row that may end without having brought a byte."""


def fetch(http: Http, address: str, target: Path) -> Stored:
    """Fetch `address` to `target`. Raises DigestMismatch, Unavailable; then `target` is as it
    was."""
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            stored = fill(http, address, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise BadInput(f"Cannot write {target}: {error.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return stored


def fill(http: Http, address: str, file: BinaryIO) -> Stored:
    """Fetch `address` into an empty open file; what arrived is compared with what the hub
    announced. Raises DigestMismatch, Unavailable, OSError."""
    return hand_over(file.write, stream(http, address))


def hand_over(take: Callable[[bytes], object], pieces: Generator[bytes, None, Stored]) -> Stored:
    """Hand every piece over; what the stream says at its end."""
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        take(piece)


def stream(http: Http, address: str) -> Generator[bytes, None, Stored]:
    """The content of `address` in pieces; a connection that is cut is gone on with. The last piece
    is followed by DigestMismatch when they are not what the hub announced; else by what they
    are. Raises Unavailable, Conflict."""
    hasher, size, failed = hashlib.sha256(), 0, 0
    etag, wanted = "", None
    while True:
        before = size
        try:
            with http.request("GET", address, headers=_from(size, etag), patience=60.0) as answer:
                if size and answer.status != 206:
                    raise Conflict("The file changed at the hub while it was fetched.")
                etag = answer.headers.get("ETag", "")
                wanted = repr_digest(answer.headers) or wanted
                for piece in answer.pieces():
                    hasher.update(piece)
                    size += len(piece)
                    yield piece
                _require_all(answer, size - before)
            break
        except Unavailable:
            failed = 0 if size > before else failed + 1
            if failed == TRIES or (size and not etag):
                raise
            http.sleep(pause(failed))
    sha256 = hasher.hexdigest()
    if wanted not in (None, sha256):
        raise DigestMismatch("The bytes that arrived are not those that the hub announced.")
    return Stored(None, size, sha256)


def _require_all(answer: Answer, taken: int) -> None:
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) != taken:
        raise Unavailable("The connection ended before the last byte.")


def _from(size: int, etag: str) -> dict[str, str]:
    # Without this the bytes might come compressed, and their number would not be the file's.
    plain = {"Accept-Encoding": "identity"}
    return {**plain, "Range": f"bytes={size}-", "If-Range": etag} if size else plain
