"""Previews that were drawn are kept in a folder beside the hub's data, bounded, so that each is
drawn once."""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from lagan.hub.access.previews.blocks import Drawn
from lagan.hub.access.previews.naming import by_name
from lagan.hub.access.previews.request import Asked

DRAWN_BY = 1
"""Counted up when previews come to look different, so that old ones are drawn anew."""
MOST = 512 << 20
"""Bytes of the folder at which the oldest previews go, until a tenth is free."""
_LOOK = 0.02
"""How often a preview that is put away has the folder measured: about every fifty."""
_LENGTH = struct.Struct("<I")


class Kept:
    """The folder. Several processes may use it."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder, self._most = folder, most

    def get(self, key: str) -> Drawn | None:
        """The preview kept under a key; None for none, or one that is not whole."""
        place = self._place(key)
        try:
            data = place.read_bytes()
            os.utime(place)
        except OSError:
            return None
        try:
            return _decode(data)
        except (ValueError, TypeError, IndexError, struct.error):
            return None

    def put(self, key: str, drawn: Drawn) -> None:
        """Keep a preview. A full disk is no reason not to show it."""
        place = self._place(key)
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_encode(drawn))
                Path(name).replace(place)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            if random.random() < _LOOK:
                self.trim()

    def trim(self) -> None:
        """Let the previews go that were longest not looked at, when there are too many bytes."""
        found = sorted(self._all())
        excess = sum(size for _, size, _ in found) - self._most
        if excess <= 0:
            return
        excess += self._most // 10
        for _, size, place in found:
            if excess <= 0:
                return
            with suppress(OSError):
                place.unlink()
            excess -= size

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _all(self) -> Iterator[tuple[float, int, Path]]:
        for place in self._folder.glob("*/*"):
            with suppress(OSError):
                told = place.stat()
                yield told.st_mtime, told.st_size, place


def key_of(asked: Asked, *, sha256: str | None, stored: UUID) -> str:
    """The same content of the same kind of name is the same preview, in whatever dataset."""
    content = sha256 or stored.hex
    facts = [DRAWN_BY, content, asked.size, by_name(asked.name), asked.page, asked.view]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _encode(drawn: Drawn) -> bytes:
    facts = {
        **{"kind": drawn.kind, "blocks": drawn.blocks, "page": drawn.page, "pages": drawn.pages},
        **{"more": drawn.more, "pages_are": drawn.pages_are},
    }
    parts = [json.dumps(facts).encode(), *drawn.pictures]
    return b"".join(_LENGTH.pack(len(each)) + each for each in parts)


def _decode(data: bytes) -> Drawn:
    parts, at = [], 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise ValueError("cut")
        parts.append(data[at : at + length])
        at += length
    return Drawn(**json.loads(parts[0]), pictures=parts[1:])
