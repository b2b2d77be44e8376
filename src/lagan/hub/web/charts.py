"""Charts: what each slice's arc, or each bar's length is, and how it reads; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

_GAP = 0.8
"""Percent of the ring between two slices."""
_LEAST = 1.5
"""Percent that a slice has at least, so that one failure among thousands is seen."""
KINDS = 6
"""Colours of slices that have none of their own."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a whole: its colour's class, its words, its count, where its list is, and its arc
    in percent of the ring (`dash` long, `offset` from the top, clockwise)."""

    kind: str
    words: str | Promise
    number: int
    address: str
    dash: float
    offset: float


def ring(counts: Iterable[tuple[str, str | Promise, int, str]]) -> list[Slice]:
    """The slices of (colour, words, number, address), the largest first; none for what is not
    there. An empty colour is one of `slice-1`, `slice-2`, ... in turn."""
    some = sorted((each for each in counts if each[2]), key=lambda each: -each[2])
    whole = sum(each[2] for each in some)
    widths = [max(100 * each[2] / whole, _LEAST) for each in some]
    scale = 100 / sum(widths) if widths else 1.0
    gap = _GAP if len(some) > 1 else 0.0
    made: list[Slice] = []
    start = 0.0
    for place, ((kind, words, number, address), width) in enumerate(zip(some, widths, strict=True)):
        colour = kind or f"slice-{place % KINDS + 1}"
        arc = width * scale
        made.append(
            Slice(colour, words, number, address, round(max(arc - gap, 0.4), 2), round(start, 2))
        )
        start += arc
    return made


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a bar chart: its words, what it counts, and its length in percent of the
    longest."""

    words: str | Promise
    files: int
    size: int
    width: float


_SHORT = 0.8
"""Percent of a bar that is there at all, so that it is seen."""


def bars(rows: Iterable[tuple[str | Promise, int, int]]) -> list[Bar]:
    """The bars of (words, files, bytes), in their order, as long as their bytes."""
    some = list(rows)
    longest = max((size for _, _, size in some), default=0)
    return [
        Bar(words, files, size, round(max(100 * size / longest, _SHORT), 2) if size else 0.0)
        for words, files, size in some
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """A day of a chart of columns: where it stands and how high its parts are, in percent of the
    drawing, the good part at the foot and the other on it."""

    x: float
    width: float
    good: float
    other: float


_LOW = 8.0
"""Percent of the height that one file has at least, so that it is seen."""


def columns(good: Sequence[int], other: Sequence[int]) -> list[Column]:
    """A column for each day, as high as its files are of those of the fullest day."""
    highest = max((a + b for a, b in zip(good, other, strict=True)), default=0)
    step = 100 / max(len(good), 1)
    return [
        Column(
            round(place * step + step * 0.1, 2), round(step * 0.8, 2),
            _height(a, highest, (a > 0) + (b > 0)), _height(b, highest, (a > 0) + (b > 0)),
        )
        for place, (a, b) in enumerate(zip(good, other, strict=True))
    ]  # fmt: skip


def _height(files: int, highest: int, parts: int) -> float:
    """At least a little for each part; together never more than all of it."""
    if not files:
        return 0.0
    return round(_LOW + (100 - _LOW * parts) * files / highest, 2)
