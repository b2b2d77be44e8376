"""Raster images: one page of them, 16-bit and floating ones stretched to shades."""

from __future__ import annotations

from typing import IO, cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.kinds.pictures import add_picture, add_plane, require_small
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
PAGES = 500
"""Pages that are counted: the pages of a TIFF are a chain through the file."""
_DEEP = ("I", "F")
_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 2, "RGB": 4, "RGBA": 4, "CMYK": 4, "I": 4, "F": 4}


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The page asked for, and what the image says of itself."""
    Image.MAX_IMAGE_PIXELS = None  # `require_small` decides, by bytes
    try:
        image = Image.open(cast("IO[bytes]", source), formats=FORMATS)
    except UnidentifiedImageError:
        raise NotDrawn("unreadable") from None
    if asked.view != THUMB:
        drawn.pages, drawn.more = _count(image)
        drawn.page = min(asked.page, drawn.pages - 1)
        image.seek(drawn.page)
    shape, mode = image.size, image.mode
    image.draft("RGB", (asked.pixels, asked.pixels))  # JPEG alone: decoded small
    require_small(image.size[0] * image.size[1], _BYTES.get(image.mode, 4))
    if mode.startswith(_DEEP):
        add_plane(drawn, np.asarray(image), asked.pixels)
    else:
        add_picture(drawn, image, asked.pixels)
    if asked.view != THUMB:
        drawn.facts("", _facts(image, shape, mode))
        if mode.startswith(_DEEP):
            drawn.note("stretched")


def _count(image: Image.Image) -> tuple[int, bool]:
    for page in range(1, PAGES + 1):
        try:
            image.seek(page)
        except (EOFError, ValueError):
            return page, False
        except (OSError, SyntaxError, KeyError, TypeError):
            return page, True  # the next page is damaged; those before it can be seen
    return PAGES, True


def _facts(image: Image.Image, shape: tuple[int, int], mode: str) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        ("Format", image.format_description or image.format or ""),
        ("Pixels", f"{shape[0]} × {shape[1]}"),
        ("Mode", mode),
    ]
    if "dpi" in image.info:
        rows.append(("Resolution", " × ".join(f"{float(each):g}" for each in image.info["dpi"])))
    if compression := image.info.get("compression"):
        rows.append(("Compression", compression))
    description = getattr(image, "tag_v2", {}).get(270)
    if description:
        rows.append(("Description", description))
    return rows
