"""JSON, laid out; too large or no JSON at all, it is text."""

from __future__ import annotations

import json

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.kinds.text import FIRST, read_text, show_lines
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

LARGEST = 4 << 20
"""Bytes of JSON that are laid out."""


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The document with two spaces a level."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    if asked.size > LARGEST:
        show_lines(drawn, read_text(source)[0], whole=asked.size <= FIRST)
        return
    text, _ = read_text(source, LARGEST)
    try:
        laid_out = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        drawn.note("not-json")
        show_lines(drawn, text, whole=True)
        return
    show_lines(drawn, laid_out, whole=True)
