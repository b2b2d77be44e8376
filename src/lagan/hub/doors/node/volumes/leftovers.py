"""What lies on a disk beside the files that the catalogue names, and which paths are such files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.volumes.disks import BESIDE_FILES, Disks, MountedDisk
from lagan.kit.errors import BadInput
from lagan.kit.paths import open_beneath

_AT_ONCE = 500


def unregistered(disk: MountedDisk, place: str = "") -> Iterator[str]:
    """Names (relative to the mount point) of files that no row of the catalogue has: of the file at
    a place, or of all beneath it."""
    names = (each.name for each in disk.store.list(place) if _is_object(each.name, place))
    while some := list(islice(names, _AT_ONCE)):
        rows = catalogue.on_disk(disk.id).filter(file_name__in=some)
        known = set(rows.values_list("file_name", flat=True))
        yield from (each for each in some if each not in known)


def _is_object(name: str, place: str) -> bool:
    beneath = not place or name == place or name.startswith(f"{place}/")
    return beneath and name.partition("/")[0] not in BESIDE_FILES


def place_of(disks: Disks, given: str) -> tuple[MountedDisk, str] | None:
    """The disk and the name on it of a regular file that an absolute path says, without going
    through a link; None when it is none, or one that the disk needs itself."""
    for disk in disks:
        try:
            inner = Path(given).relative_to(disk.path)
        except ValueError:
            continue
        return (disk, str(inner)) if _is_file(disk.path, inner) else None
    return None


def _is_file(mount_point: Path, inner: Path) -> bool:
    if not inner.parts or ".." in inner.parts or inner.parts[0] in BESIDE_FILES:
        return False
    try:
        descriptor = open_beneath(mount_point, str(inner), os.O_PATH | os.O_NOFOLLOW)
    except (OSError, BadInput):
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)
