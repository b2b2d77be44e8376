"""NIfTI: the middle slice along each axis and the header."""

from __future__ import annotations

import gzip
from typing import Any

import nibabel
import numpy as np

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.kinds.pictures import LARGEST, add_plane, require_small
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

_AXES = ("sagittal", "coronal", "axial")


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """Three middle slices of the volume asked for; a small picture is of the last one."""
    packed = source.read(2) == b"\x1f\x8b"
    source.seek(0)
    image = _opened(gzip.GzipFile(fileobj=source) if packed else source)
    shape = image.shape
    drawn.pages = shape[3] if len(shape) > 3 else 1
    drawn.page, drawn.pages_are = min(asked.page, drawn.pages - 1), "volume"
    size = int(np.prod(shape[:3], dtype=np.int64)) * image.get_data_dtype().itemsize
    if packed and (drawn.page + 1) * size > LARGEST:
        drawn.note("too-large")
    else:
        _slices(asked, image, drawn)
    if asked.view != THUMB:
        drawn.facts("", _facts(image))


def _opened(file: Any) -> Any:
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        try:
            file.seek(0)
            return kind.from_stream(file)
        except nibabel.filebasedimages.ImageFileError:
            continue
        except nibabel.spatialimages.HeaderDataError:
            continue
    raise NotDrawn("unreadable")


def _slices(asked: Asked, image: Any, drawn: Drawn) -> None:
    shape = image.shape[:3]
    if len(shape) < 2 or 0 in shape:
        raise NotDrawn("no-picture")
    rest = (drawn.page, *(0 for _ in image.shape[4:])) if len(image.shape) > 3 else ()
    axes = [2] if asked.view == THUMB or len(shape) == 2 else [0, 1, 2]
    for axis in axes:
        where = [
            shape[n] // 2 if n == axis and len(shape) == 3 else slice(None)
            for n in range(len(shape))
        ]
        across = [length for n, length in enumerate(shape) if n != axis or len(shape) == 2]
        require_small(int(np.prod(across, dtype=np.int64)), image.get_data_dtype().itemsize)
        plane = np.asarray(image.dataobj[(*where, *rest)])
        # Rows run upwards in the patient's frame, downwards on a screen.
        rest_of = [n for n in range(len(shape)) if n != axis or len(shape) == 2][:2]
        wide, high = (float(image.header.get_zooms()[n]) for n in rest_of)
        aspect = high / wide if wide > 0 and high > 0 else 1.0
        words = "" if len(shape) == 2 else _AXES[axis]
        add_plane(drawn, plane.T[::-1], min(asked.pixels, 700), words=words, aspect=aspect)


def _axes(image: Any) -> Any:
    codes: Any = nibabel.aff2axcodes
    return codes(image.affine)


def _facts(image: Any) -> list[tuple[str, object]]:
    header = image.header
    rows: list[tuple[str, object]] = [("Shape", " × ".join(map(str, image.shape)))]
    rows.append(("Axes", "".join(map(str, _axes(image)))))
    for name in header:
        value = header[name]
        shown = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(shown, bytes):
            shown = shown.decode("latin-1").rstrip("\0")
        rows.append((name, shown))
    return rows
