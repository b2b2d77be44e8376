"""Arrays and pictures become what a browser shows: scaled down, stretched to its 256 shades."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from lagan.hub.access.previews.blocks import Drawn, NotDrawn

LARGEST = 400 << 20
"""Bytes of one plane that are looked at."""
_ENDS = (0.5, 99.5)
"""Percentiles that become black and white: a few hot or dead pixels decide nothing."""


def add_picture(drawn: Drawn, picture: Image.Image, pixels: int, words: str = "") -> None:
    """Scale a picture to `pixels` at its longer side and add it as WebP, with its transparency."""
    if picture.mode not in ("RGB", "RGBA", "L"):
        seen = "RGBA" if "transparency" in picture.info or "A" in picture.mode else "RGB"
        picture = picture.convert(seen)
    picture.thumbnail((pixels, pixels))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=88, method=2)
    drawn.picture(out.getvalue(), *picture.size, words)


def add_plane(drawn: Drawn, plane: Any, pixels: int, words: str = "", aspect: float = 1.0) -> None:
    """Stretch a plane of numbers (rows, columns) and add it; `aspect` is the height of one of its
    pixels by its width."""
    shades = Image.fromarray(stretched(thinned(np.asarray(plane), pixels)))
    if not 0.99 < aspect < 1.01 and 0.02 < aspect < 50:
        shades = shades.resize((shades.width, max(1, round(shades.height * aspect))))
    add_picture(drawn, shades, pixels, words)


def thinned(plane: Any, pixels: int) -> Any:
    """Every n-th row and column, so that about twice as many pixels are left as are shown."""
    step = max(1, max(plane.shape[:2]) // (2 * pixels))
    return plane[::step, ::step]


def stretched(plane: Any) -> Any:
    """Numbers as 8-bit shades between their percentiles; what is no number is black."""
    if np.iscomplexobj(plane):
        plane = np.abs(plane)
    values = plane.astype(np.float32)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(plane.shape, np.uint8)
    low, high = (float(each) for each in np.percentile(finite, _ENDS))
    if high <= low:
        low, high = float(finite.min()), float(finite.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    shades = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * scale
    return np.clip(shades, 0, 255).astype(np.uint8)


def require_small(count: int, width: int) -> None:
    """NotDrawn when `count` values of `width` bytes are more than is looked at."""
    if count * width > LARGEST:
        raise NotDrawn("too-large")
