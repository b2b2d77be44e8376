"""Text of any encoding: its first lines as lines, nothing in it obeyed."""

from __future__ import annotations

import codecs

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

FIRST = 256 << 10
"""Bytes that are read."""
LINES, WIDTH = 1000, 1000
"""Lines shown, and characters of each."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The first lines with their numbers."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    text, encoding = read_text(source)
    show_lines(drawn, text, whole=asked.size <= FIRST)
    drawn.facts("", [("Encoding", encoding)])


def read_text(source: Source, most: int = FIRST) -> tuple[str, str]:
    """The beginning of a file as text, and the encoding that was guessed."""
    data = source.read(most)
    encoding = guess(data)
    # What a cut leaves of the last character is no fault.
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    return text, encoding.removesuffix("-sig")


def guess(data: bytes) -> str:
    """By its mark, by where its zero bytes are, by whether it is UTF-8; else Windows' Western."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:4096]
    if head[1::2].count(0) > len(head) // 4 and head[::2].count(0) == 0:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4 and head[1::2].count(0) == 0:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def show_lines(drawn: Drawn, text: str, *, whole: bool) -> None:
    """The first lines of `text`, which is the beginning of the file or all of it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > 1 and lines[-1] == "":
        lines.pop()
    if len(lines) > LINES or not whole:
        drawn.note("first-lines", lines=min(len(lines), LINES))
    drawn.lines([plain(each) for each in lines[:LINES]])


def plain(line: str) -> str:
    """A line as it can be shown: cut, its tabs kept, what cannot be seen made visible."""
    cut = line if len(line) <= WIDTH else line[:WIDTH] + "…"
    return "".join(each if each.isprintable() or each == "\t" else "�" for each in cut)
