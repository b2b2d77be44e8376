"""What lies in a folder, told apart without following links; small files, read without waiting for
pipes."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lagan.kit.errors import Unavailable


@dataclass(slots=True)
class Inside:
    """Names directly in a folder, sorted; `others` are links, devices, pipes, sockets."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.files or self.folders or self.others)


def look(folder: Path) -> Inside:
    """What lies in it. Unavailable when it cannot be read."""
    inside = Inside()
    try:
        with os.scandir(folder) as entries:
            for each in sorted(entries, key=lambda entry: entry.name):
                if each.is_dir(follow_symlinks=False):
                    inside.folders.append(each.name)
                elif each.is_file(follow_symlinks=False):
                    inside.files.append(each.name)
                else:
                    inside.others.append(each.name)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be read: {error.strerror}.") from None
    return inside


def read_plain(file: Path) -> bytes:
    """The content of a regular file. FileNotFoundError when there is none: a link, a pipe or a
    device is none; otherwise the OSError of the system."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENOTDIR):
            raise FileNotFoundError(errno.ENOENT, "no regular file", str(file)) from None
        raise
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise FileNotFoundError(errno.ENOENT, "no regular file", str(file))
        return opened.read()
