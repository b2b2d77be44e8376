"""Comma- and otherwise separated values: the first rows as a table, the dialect guessed by
counting."""

from __future__ import annotations

import csv
import io
from collections import Counter

from lagan.hub.access.previews.blocks import Drawn, NotDrawn, short
from lagan.hub.access.previews.kinds.text import FIRST, read_text, show_lines
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

ROWS, COLUMNS, CELL = 200, 60, 120
"""Rows and columns shown, and characters of a cell."""
_DELIMITERS = (",", "\t", ";", "|", " ")
_TRIED = 40
"""Rows by which a delimiter is judged."""


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The first rows; text that is no table is shown as lines."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    text, encoding = read_text(source)
    whole = asked.size <= FIRST
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    delimiter = delimiter_of(text)
    rows = rows_of(text, delimiter, ROWS + 2) if delimiter else []
    if delimiter is None or len(rows) < 1:
        show_lines(drawn, text, whole=whole)
        return
    _show(drawn, rows, whole)
    named = {"\t": "tab", " ": "space"}.get(delimiter, delimiter)
    drawn.facts("", [("Encoding", encoding), ("Separated by", named)])


def delimiter_of(text: str) -> str | None:
    """The delimiter that gives most rows the same number of cells, more than one; None for none."""
    best: tuple[float, int, str] | None = None
    for each in _DELIMITERS:
        widths = Counter(len(row) for row in rows_of(text, each, _TRIED) if row)
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        score = count / sum(widths.values()) * (0.5 if each == " " else 1)
        if width > 1 and (best is None or (score, width) > best[:2]):
            best = (score, width, each)
    return best[2] if best else None


def rows_of(text: str, delimiter: str, most: int) -> list[list[str]]:
    """The first rows; a quotation that never ends gives what was read until then."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:
        pass
    return rows


def _show(drawn: Drawn, rows: list[list[str]], whole: bool) -> None:
    wide = max(map(len, rows))
    if len(rows) > ROWS + 1 or not whole:
        drawn.note("first-rows", rows=min(len(rows) - 1, ROWS))
    if wide > COLUMNS:
        drawn.note("first-columns", columns=COLUMNS, of=wide)
    cut = [[short(cell, CELL) for cell in row[:COLUMNS]] for row in rows[: ROWS + 1]]
    even = [row + [""] * (min(wide, COLUMNS) - len(row)) for row in cut]
    if _has_head(even):
        drawn.table(even[0], even[1:])
    else:
        drawn.table([str(n + 1) for n in range(len(even[0]))], even)


def _has_head(rows: list[list[str]]) -> bool:
    return not any(_is_number(cell) for cell in rows[0])


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
