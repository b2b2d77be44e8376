"""Files on a node's disks that the catalogue does not know: told of, never touched."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from lagan.hub.doors.node.background.courtesy import Courtesy
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.volumes.disks import BESIDE_FILES, MountedDisk

CHUNK = 500
"""Names asked for at once."""
SETTLED = 60.0
"""Seconds that a file has lain there: a younger one may just be on its way into the catalogue."""


def unregistered(disk: MountedDisk, courtesy: Courtesy) -> Iterator[list[str]]:
    """The names of such files, some at a time."""
    for names in _chunks(_objects(disk), CHUNK):
        courtesy.take(0)
        unknown = _unknown(disk, names)
        # Asked twice, because what is archived or removed in this moment is between the two.
        if unknown := _unknown(disk, [each for each in unknown if _there(disk, each)]):
            yield unknown


def _objects(disk: MountedDisk) -> Iterator[str]:
    before = time.time() - SETTLED
    for each in disk.store.list():
        top = each.name.partition("/")[0]
        if top not in BESIDE_FILES and not top.startswith(".") and each.modified < before:
            yield each.name


def _unknown(disk: MountedDisk, names: Sequence[str]) -> list[str]:
    rows = catalogue.on_disk(disk.id).filter(file_name__in=names)
    known = set(rows.values_list("file_name", flat=True))
    return [each for each in names if each not in known]


def _there(disk: MountedDisk, name: str) -> bool:
    return (disk.path / name).is_file()


def _chunks(names: Iterator[str], size: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    for each in names:
        chunk.append(each)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
