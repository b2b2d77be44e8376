"""Which files that are gone can be made again: as long as a target holds their objects, its records
and tombstones tell what they were like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from lagan.hsm import telling, tombstones
from lagan.hsm.errors import MissingAtTarget
from lagan.hsm.naming import RECORDS
from lagan.hsm.record import Record
from lagan.kit.errors import NotFound
from lagan.store.volume import Volume


def lost(volume: Volume, root: str, folder: str) -> Iterator[Record]:
    """Records of files that the root so named had at or beneath `folder`, whether or not they are
    there again; a path may be told more than once."""
    for each in volume.list(RECORDS):
        record = telling.readable(volume, each.name)
        if record is not None and record.root == root and _is_beneath(record.path, folder):
            yield record
    for stone in tombstones.every(volume):
        record = stone.record
        if record is not None and stone.root == root and _is_beneath(record.path, folder):
            yield record


def last_of(volume: Volume, root: str, path: str) -> Record:
    """The record of the last file that the root so named had at `path` and whose object is there
    still. MissingAtTarget when there is none."""
    told = telling.told_by(volume, path, root)
    if told is not None and _is_there(volume, told):
        return told
    stones = [
        stone
        for stone in tombstones.every(volume)
        if stone.record is not None and (stone.root, stone.record.path) == (root, path)
    ]
    for stone in sorted(stones, key=lambda stone: -stone.when):
        if stone.record is not None and _is_there(volume, stone.record):
            return stone.record
    raise MissingAtTarget("The target knows nothing of this file any more.")


def _is_there(volume: Volume, record: Record) -> bool:
    with suppress(NotFound):
        return volume.stat(record.object).size == record.size
    return False


def _is_beneath(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
