"""Reads a tar stream that arrives in pieces: ustar, pax and GNU long names; never holds more than
a small member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lagan.hub.ingest.errors import BadArchive
from lagan.kit import tar

_LIMIT_EXTENSION = 1 << 20
"""Bytes of one pax header at most; real ones have a few hundred."""


@dataclass(frozen=True, slots=True)
class Header:
    """What precedes a member: its name, size in bytes, type flag, time in ns since the epoch, pax
    records."""

    name: str
    size: int
    kind: str
    mtime_ns: int
    pax: Mapping[str, str]

    @property
    def is_file(self) -> bool:
        """A regular file, not a folder, link or device."""
        return self.kind in ("0", "\0", "7")

    @property
    def is_folder(self) -> bool:
        """A folder, which a batch may contain and which means nothing to it."""
        return self.kind == "5"


Event = Header | bytes | None
"""A header, then pieces of its member's bytes, then None at the member's end."""


class TarFeed:
    """Push parser: `feed` pieces, get events. After the last piece call `end`."""

    def __init__(self, whole_below: int) -> None:
        """Members smaller than `whole_below` bytes come as exactly one piece."""
        self._buffer = bytearray()
        self._whole_below = whole_below
        self._left = 0
        self._padding = 0
        self._pax: dict[str, str] = {}
        self._ended = False
        self._member = False
        self._streaming = False

    def feed(self, pieces: Sequence[bytes]) -> Iterator[Event]:
        """The events that these pieces complete. BadArchive when this is not tar."""
        for piece in pieces:
            self._buffer += piece
        position = 0
        view = memoryview(self._buffer)
        try:
            while not self._ended:
                step = self._step(view, position)
                if step is None:
                    break
                position, events = step
                yield from events
        except tar.NotTar as error:
            raise BadArchive(error.sentence) from None
        finally:
            view.release()
            del self._buffer[:position]
        if self._ended:
            self._buffer.clear()

    def end(self) -> None:
        """BadArchive when the stream stopped inside a member. The closing zero records may be
        missing."""
        if self._member or self._pax or (self._buffer and not self._ended):
            raise BadArchive("The tar stream ends in the middle of a member.")

    def _step(self, view: memoryview, at: int) -> tuple[int, list[Event]] | None:
        if self._member:
            return self._content(view, at)
        if len(view) - at < tar.BLOCK:
            return None
        block = bytes(view[at : at + tar.BLOCK])
        if not block.strip(b"\0"):
            self._ended = True
            return at + tar.BLOCK, []
        return self._header(view, at, block)

    def _content(self, view: memoryview, at: int) -> tuple[int, list[Event]] | None:
        """The next part of the member that is open."""
        here = len(view) - at
        if self._left == 0:
            if here < self._padding:
                return None
            self._member = False
            return at + self._padding, [None]
        if here == 0 or (
            self._left < self._whole_below and here < self._left and not self._streaming
        ):
            return None
        taken = min(here, self._left)
        self._left -= taken
        return at + taken, [bytes(view[at : at + taken])]

    def _header(self, view: memoryview, at: int, block: bytes) -> tuple[int, list[Event]] | None:
        size = tar.number(block[124:136])
        tar.check(block)
        kind = chr(block[156])
        if kind in "xgLK":
            return self._extension(view, at, kind, size)
        pax, self._pax = self._pax, {}
        size = int(pax["size"]) if pax.get("size", "").isdigit() else size
        name = pax.get("path") or _name(block)
        header = Header(name, size, kind, _mtime(pax, block), pax)
        content = size if header.is_file else 0
        self._left, self._padding, self._member = content, -content % tar.BLOCK, True
        self._streaming = content >= self._whole_below
        return at + tar.BLOCK, [header]

    def _extension(
        self, view: memoryview, at: int, kind: str, size: int
    ) -> tuple[int, list[Event]] | None:
        if size > _LIMIT_EXTENSION:
            raise BadArchive(f"An extended header of {size} bytes is too large.")
        end = at + tar.BLOCK + size + -size % tar.BLOCK
        if len(view) < end:
            return None
        body = bytes(view[at + tar.BLOCK : at + tar.BLOCK + size])
        if kind == "x":
            self._pax.update((_text(key), _text(value)) for key, value in tar.records(body))
        elif kind == "L":
            self._pax["path"] = _text(body.rstrip(b"\0"))
        return end, []


def _name(block: bytes) -> str:
    name = block[:100].split(b"\0", 1)[0]
    if block[257:262] == b"ustar" and block[345]:
        name = block[345:500].split(b"\0", 1)[0] + b"/" + name
    return _text(name)


def _text(data: bytes) -> str:
    """Names that are not UTF-8 keep their bytes as surrogates, so that they are refused by name,
    not by accident."""
    return data.decode("utf-8", "surrogateescape")


def _mtime(pax: Mapping[str, str], block: bytes) -> int:
    """Nanoseconds; decimal arithmetic, since a float cannot hold them."""
    text = pax.get("mtime")
    if text is None:
        return tar.number(block[136:148]) * 1_000_000_000
    whole, _, part = text.partition(".")
    try:
        return int(whole) * 1_000_000_000 + int((part + "0" * 9)[:9])
    except ValueError:
        raise BadArchive(f"The time {text!r} in an extended header is not a number.") from None
