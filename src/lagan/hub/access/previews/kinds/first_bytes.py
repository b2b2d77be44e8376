"""A file of no known kind: its first bytes, as programmers read them."""

from __future__ import annotations

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

FIRST, ROW = 512, 16
"""Bytes shown, and in a row."""


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """Offsets, hexadecimal digits, letters."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    data = source.read(FIRST)
    drawn.note("unknown-kind", bytes=len(data))
    drawn.lines([_row(at, data[at : at + ROW]) for at in range(0, len(data), ROW)], numbered=False)


def _row(at: int, some: bytes) -> str:
    letters = "".join(chr(each) if 32 <= each < 127 else "·" for each in some)
    return f"{at:08x}  {some.hex(' '):<{ROW * 3 - 1}}  {letters}"
