"""DICOM: the tags by their groups and one frame; headers may hold personal data, which is said."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import pixel_array

from lagan.hub.access.previews.blocks import Block, Drawn, NotDrawn, short
from lagan.hub.access.previews.kinds.pictures import LARGEST, add_picture, add_plane, require_small
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

TAGS, DEPTH = 500, 4
"""Tags shown, and how deep into sequences."""
DEFERRED = 4096
"""Bytes above which a value is not read."""
_GROUPS = {
    0x0002: "File meta information",
    0x0008: "Identifying",
    0x0010: "Patient",
    0x0018: "Acquisition",
    0x0020: "Relationship",
    0x0028: "Image presentation",
    0x7FE0: "Pixel data",
}
_BINARY = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The frame asked for, then the tags."""
    try:
        found = pydicom.dcmread(source, stop_before_pixels=True, defer_size=DEFERRED)
    except InvalidDicomError:
        raise NotDrawn("unreadable") from None
    drawn.pages = max(1, _number(found, "NumberOfFrames", 1))
    drawn.page, drawn.pages_are = min(asked.page, drawn.pages - 1), "frame"
    try:
        _frame(asked, source, found, drawn)
    except (NotDrawn, MemoryError) as decided:
        if asked.view == THUMB:
            raise
        drawn.note(decided.code if isinstance(decided, NotDrawn) else "too-large")
    except Exception:  # any fault in the pixels leaves the tags worth showing
        if asked.view == THUMB:
            raise
        drawn.note("no-frame")
    if asked.view != THUMB:
        drawn.note("personal-data")
        _tags(found, drawn)


def _frame(asked: Asked, source: Source, found: Any, drawn: Drawn) -> None:
    rows, columns = _number(found, "Rows", 0), _number(found, "Columns", 0)
    if not rows or not columns:
        raise NotDrawn("no-picture")
    samples = _number(found, "SamplesPerPixel", 1)
    require_small(rows * columns * samples, 4)
    if asked.size > LARGEST // 2 and drawn.pages == 1:
        raise NotDrawn("too-large")
    source.seek(0)
    frame = pixel_array(cast("BinaryIO", source), index=drawn.page)
    if samples == 3:
        from PIL import Image

        add_picture(drawn, Image.fromarray(frame.astype("uint8")), asked.pixels)
        return
    if str(found.get("PhotometricInterpretation", "")) == "MONOCHROME1":
        frame = frame.max() - frame
    add_plane(drawn, frame, asked.pixels)
    drawn.note("stretched")


def _tags(found: Any, drawn: Drawn) -> None:
    nodes: list[Block] = []
    group = None
    for each in [*getattr(found, "file_meta", ()), *found]:
        if len(nodes) >= TAGS:
            drawn.note("first-nodes", nodes=TAGS)
            break
        if each.tag.group != group:
            group = each.tag.group
            title = _GROUPS.get(group, "Private" if group % 2 else "")
            nodes.append(_node(0, f"{group:04X}", "group", title))
        _tag(each, 1, nodes)
    drawn.tree(nodes)


def _tag(each: Any, depth: int, nodes: list[Block]) -> None:
    if each.VR == "SQ":
        nodes.append(_node(depth, each.name, "group", f"{len(each.value)}"))
        if depth < DEPTH:
            for item in each.value[:3]:
                for inner in item:
                    if len(nodes) < TAGS:
                        _tag(inner, depth + 1, nodes)
        return
    nodes.append(_node(depth, f"{each.tag} {each.name}", "value", _value(each)))


def _value(each: Any) -> str:
    if each.VR in _BINARY:
        return f"{len(each.value or b'')} bytes"
    return short(each.value if each.value is not None else "")


def _node(depth: int, name: str, kind: str, what: str) -> Block:
    return {
        "depth": depth, "name": short(name), "kind": kind, "what": short(what), "attributes": [],
    }  # fmt: skip


def _number(found: Any, name: str, otherwise: int) -> int:
    try:
        return int(found.get(name, otherwise) or otherwise)
    except (ValueError, TypeError):
        return otherwise
