"""Finds every file beneath a folder that says its content is at a target; never through a link."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker
from lagan.hsm.marker import Marker
from lagan.kit.errors import BadPath
from lagan.kit.paths import open_beneath

_OURS = ".lagan"


@dataclass(frozen=True, slots=True)
class Found:
    """A file at `path` beneath its root, with its marker; None for one that cannot be read. Files
    with the same `inode` (and device) are names of one file."""

    path: str
    marker: Marker | None
    inode: tuple[int, int]


def look(root: Path, unreadable: Callable[[str], object]) -> Iterator[Found]:
    """All files with a marker, folder by folder; what cannot be looked at is told as `unreadable`.
    OSError when the root itself cannot be opened."""
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                yield from _in_folder(top, folder, waiting)
            except FileNotFoundError:
                if not folder:
                    raise
            except (OSError, BadPath):
                unreadable(folder)
    finally:
        os.close(top)


def marker_at(root: Path, path: str) -> Marker | None:
    """The marker of the file at `path` beneath a root; None when there is no such file, or it has
    none. BadMarker; OSError when it cannot be looked at."""
    try:
        folder, _, name = path.rpartition("/")
        with_root = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            above = _open(with_root, folder)
        finally:
            os.close(with_root)
    except (FileNotFoundError, NotADirectoryError, BadPath):
        return None
    try:
        return markers.read(f"/proc/self/fd/{above}/{name}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    finally:
        os.close(above)


def _in_folder(top: int, folder: str, waiting: list[str]) -> Iterator[Found]:
    opened = _open(top, folder)
    try:
        with os.scandir(opened) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path != _OURS:
                        waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found = _file(opened, entry, path)
                    if found is not None:
                        yield found
    finally:
        os.close(opened)


def _file(folder: int, entry: os.DirEntry[str], path: str) -> Found | None:
    try:
        try:
            marker = markers.read(f"/proc/self/fd/{folder}/{entry.name}")
        except BadMarker:
            return Found(path, None, (0, 0))
        if marker is None:
            return None
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Found(path, marker, (stat.st_dev, stat.st_ino))


def _open(top: int, folder: str) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY
    return (
        open_beneath(top, folder, flags, native=True)
        if folder
        else os.open(".", flags | os.O_CLOEXEC, dir_fd=top)
    )
