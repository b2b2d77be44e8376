"""HDF5 and NetCDF4: the tree of groups and datasets with shapes, types and attributes; links that
lead out of the file are named and not followed."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from lagan.hub.access.previews.blocks import Block, Drawn, NotDrawn, short
from lagan.hub.access.previews.confined import close_files
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

NODES, DEPTH, ATTRIBUTES = 400, 24, 12
"""Nodes shown, how deep, and attributes of each."""
VALUES = 64
"""Values of an attribute that are read; a longer one is described."""


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The tree from its root."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    # A file may name others, as links, as outside storage, as virtual sources: none can be opened.
    close_files()
    with h5py.File(source, "r") as file:
        nodes: list[Block] = []
        walk = _Walk(nodes)
        walk.group(file, "/", 0)
        drawn.tree(nodes)
        if walk.cut:
            drawn.note("first-nodes", nodes=NODES)


class _Walk:
    """Down through groups, each object once, however its links go round."""

    def __init__(self, nodes: list[Block]) -> None:
        self.nodes, self.cut = nodes, False
        self._seen: set[Any] = set()

    def group(self, group: Any, name: str, depth: int) -> None:
        if not self._add(depth, name, "group", "", attributes_of(group)):
            return
        self._seen.add(_identity(group))
        for each in group:
            if len(self.nodes) >= NODES:
                self.cut = True
                return
            self._member(group, each, depth + 1)

    def _member(self, group: Any, name: str, depth: int) -> None:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            self._add(depth, name, "link", f"→ {link.filename}: {link.path}", [])
        elif isinstance(link, h5py.SoftLink):
            self._add(depth, name, "link", f"→ {link.path}", [])
        else:
            self._object(group, name, depth)

    def _object(self, group: Any, name: str, depth: int) -> None:
        try:
            found = group[name]
        except (KeyError, OSError, RuntimeError, ValueError):
            self._add(depth, name, "damaged", "", [])
            return
        if _identity(found) in self._seen:
            self._add(depth, name, "link", f"→ {short(found.name)}", [])
        elif isinstance(found, h5py.Group):
            if depth >= DEPTH:
                self.cut = True
            else:
                self.group(found, name, depth)
        elif isinstance(found, h5py.Dataset):
            self._seen.add(_identity(found))
            self._add(depth, name, "dataset", _shape(found), attributes_of(found))
        else:
            self._add(depth, name, "type", str(found.dtype), [])

    def _add(
        self, depth: int, name: str, kind: str, what: str, attributes: list[list[str]]
    ) -> bool:
        if len(self.nodes) >= NODES:
            self.cut = True
            return False
        node = {"depth": depth, "name": short(name), "kind": kind, "what": short(what)}
        self.nodes.append({**node, "attributes": attributes})
        return True


def attributes_of(found: Any) -> list[list[str]]:
    """The first attributes as names and short values."""
    shown: list[list[str]] = []
    try:
        names = list(found.attrs)
    except (OSError, RuntimeError):
        return shown
    for name in names[:ATTRIBUTES]:
        shown.append([short(name), _attribute(found, name)])
    if len(names) > ATTRIBUTES:
        shown.append(["…", f"+{len(names) - ATTRIBUTES}"])
    return shown


def _attribute(found: Any, name: str) -> str:
    try:
        held = found.attrs.get_id(name)
        if int(np.prod(held.shape, dtype=np.int64)) > VALUES:
            return f"{held.dtype} {held.shape}"
        return _text(found.attrs[name])
    except Exception:  # a type that h5py has no word for must not hide the rest
        return "?"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return short(value)


def _shape(found: Any) -> str:
    size = " × ".join(map(str, found.shape)) if found.shape else "scalar"
    packed = f", {found.compression}" if found.compression else ""
    chunks = f", chunks {' × '.join(map(str, found.chunks))}" if found.chunks else ""
    return f"{size}, {found.dtype}{packed}{chunks}"


def _identity(found: Any) -> Any:
    told = h5py.h5o.get_info(found.id)
    return told.fileno, told.addr
