"""FITS: its header-data units, the header cards of one, and its image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy.io import fits

from lagan.hub.access.previews.blocks import Drawn, NotDrawn, short
from lagan.hub.access.previews.kinds.pictures import add_plane, require_small, thinned
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

UNITS, CARDS = 100, 400
"""Header-data units and cards shown."""


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """A page is a header-data unit; a small picture is of the first that has an image."""
    try:
        with fits.open(source, mode="readonly", memmap=False, lazy_load_hdus=True) as units:
            if asked.view == THUMB:
                _small(asked, units, drawn)
            else:
                _whole(asked, units, drawn)
    except OSError:
        raise NotDrawn("unreadable") from None


def _small(asked: Asked, units: Any, drawn: Drawn) -> None:
    if not _first_image(units[: min(_count(units)[0], 8)], asked, drawn):
        raise NotDrawn("no-picture")


def _whole(asked: Asked, units: Any, drawn: Drawn) -> None:
    drawn.pages, drawn.more = _count(units)
    drawn.page, drawn.pages_are = min(asked.page, drawn.pages - 1), "unit"
    unit = units[drawn.page]
    # The first unit is often a header alone: the picture beneath it is that of the first image.
    tried = [unit, *units[1 : min(drawn.pages, 8)]] if drawn.page == 0 else [unit]
    try:
        _first_image(tried, asked, drawn)
    except NotDrawn as decided:
        drawn.note(decided.code)
    rows = [
        [str(n + 1), each.name, *_described(each)] for n, each in enumerate(units[: drawn.pages])
    ]
    drawn.table(["No.", "Name", "Kind", "Shape"], rows)
    _cards(unit, drawn)


def _first_image(tried: Sequence[Any], asked: Asked, drawn: Drawn) -> bool:
    for unit in tried:
        if (plane := _plane(unit, asked.pixels)) is not None:
            # The first row of a FITS image is its lowest.
            add_plane(drawn, plane[::-1], asked.pixels, words=unit.name)
            drawn.note("stretched")
            return True
    return False


def _count(units: Any) -> tuple[int, bool]:
    """Units read so far as asked: a damaged one ends the list."""
    for number in range(UNITS):
        try:
            units[number]
        except IndexError:
            return max(number, 1), False
        except Exception:
            return max(number, 1), True
    return UNITS, True


def _described(unit: Any) -> list[str]:
    header = unit.header
    axes = [str(header.get(f"NAXIS{n}", "?")) for n in range(1, int(header.get("NAXIS", 0)) + 1)]
    return [type(unit).__name__.removesuffix("HDU"), " × ".join(axes)]


def _plane(unit: Any, pixels: int) -> Any:
    """The middle plane of an image with at least two axes, thinned; None without one."""
    shape: Any = getattr(unit, "shape", ())
    if not getattr(unit, "is_image", False) or len(shape) < 2 or 0 in shape:
        return None
    require_small(shape[-1] * shape[-2], abs(int(unit.header.get("BITPIX", 8))) // 8)
    middle = tuple(length // 2 for length in shape[:-2])
    return thinned(unit.section[(*middle, slice(None), slice(None))], pixels)


def _cards(unit: Any, drawn: Drawn) -> None:
    cards = list(unit.header.cards)
    if len(cards) > CARDS:
        drawn.note("first-cards", cards=CARDS)
    rows = [[each.keyword, short(each.value), short(each.comment)] for each in cards[:CARDS]]
    drawn.table(["Keyword", "Value", "Comment"], rows)
