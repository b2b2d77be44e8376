"""The places on this host that a request may name: nothing outside them is read or removed.

Those are the folders of `Lagan.PullPaths` and what lies beneath the root directory, without hidden
names, the catalogue and the folders in which the node works. Volumes, what lies beside
the configuration, and plug-ins are never among them. Links are never followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from lagan.hub.doors.node.volumes.disks import volume_folders
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import BadPath
from lagan.kit.paths import check_relative, open_beneath

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_SECRET = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".locks", ".pid")
"""Ends of names beneath the root that are the node's own affair."""
_WORKING = frozenset({"tmp", "cache", "processing", "log", "back-log", "subscr-back-log"})
"""Folders of the root directory in which the node works."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file that a request may name: relative to a folder that is trusted."""

    folder: Path
    name: str


@contextmanager
def opened(node: ArchiveNode, path: str) -> Iterator[tuple[BinaryIO, Callable[[], bool]]]:
    """A regular file at one of the allowed places, and how to remove exactly it. Failed."""
    place = allowed(node, path)
    try:
        descriptor = open_beneath(place.folder, place.name, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, BadPath) as error:
        reason = error.strerror if isinstance(error, OSError) else "a link is in its way"
        raise Failed(f"The file {path[:300]} cannot be read: {reason}.") from None
    with os.fdopen(descriptor, "rb") as source:
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Failed(f"{path[:300]} is not a regular file.")
        yield source, lambda: _remove(place, found)


def allowed(node: ArchiveNode, path: str) -> Place:
    """Where a path of a request lies. Failed for anything outside the allowed places."""
    for folder in (node.root / each for each in node.config.own.pull_paths):
        if (name := _beneath(path, folder)) is not None and not _is_own(node, folder / name):
            return Place(folder, name)
    name = _beneath(path, node.root)
    if name is None or _is_private(name) or _is_own(node, node.root / name):
        raise Failed(
            f"The path {path[:300]} is not one that requests may name; "
            "Lagan.PullPaths lists further folders."
        )
    return Place(node.root, name)


def _beneath(path: str, folder: Path) -> str | None:
    """The path relative to a folder; None when it is not beneath."""
    given = PurePosixPath(path)
    if ".." in given.parts or not given.is_absolute():
        return None
    try:
        return check_relative(given.relative_to(folder).as_posix())
    except (ValueError, BadPath):
        return None


def _is_private(name: str) -> bool:
    """Whether a name beneath the root directory is hidden, or what the node writes there."""
    parts = PurePosixPath(name).parts
    return parts[0] in _WORKING or any(
        each.startswith(".") or each.endswith(_SECRET) for each in parts
    )


def _is_own(node: ArchiveNode, place: Path) -> bool:
    """Whether a place is on a volume, wherever a plug-in says that it is, in the back-log, the
    configuration's or a plug-in's."""
    file = node.file.absolute()
    mounted = [each.path for each in node.disks]
    folders = [*volume_folders(node.config), *mounted, *node.plug_ins.folders]
    if node.config.archiving is not None:
        folders.append(node.root / node.config.archiving.buffer_directory / "back-log")
    beside = place.parent == file.parent != node.root
    return place == file or beside or any(place.is_relative_to(each) for each in folders)


def _remove(place: Place, known: os.stat_result) -> bool:
    """Remove the file that was read, unless another has its name or content by now."""
    *above, last = PurePosixPath(place.name).parts
    folder = (
        open_beneath(place.folder, "/".join(above), os.O_RDONLY | os.O_DIRECTORY)
        if above
        else os.open(place.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    )
    try:
        now = os.stat(last, dir_fd=folder, follow_symlinks=False)
        if _who(now) != _who(known):
            return False
        os.unlink(last, dir_fd=folder)
        return True
    except FileNotFoundError:
        return False
    finally:
        os.close(folder)


def _who(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
