"""One folder and what may be done beneath it; nothing of it goes through a link."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from lagan.kit.errors import BadPath
from lagan.kit.paths import check_relative, open_beneath

FOLDERS, FILES = 0o2770, 0o660
"""The modes that staged folders and files have: the account's group may take them."""


class Place:
    """The folder `top`. Paths are absolute, or relative to it. OSError where the system refuses,
    BadPath for what is not beneath it."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def relative(self, path: str) -> str:
        """The path from `top` on, empty for `top` itself. BadPath."""
        top, text = str(self.top), path.rstrip("/")
        if text in ("", ".") and not path.startswith("/"):
            return ""
        if text == top:
            return ""
        if text.startswith(f"{top}/"):
            text = text[len(top) + 1 :]
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if text.startswith("/"):
            raise BadPath("This path is not beneath the folder of this key.", reason="outside")
        return check_relative("/".join(parts), native=True)

    def make_folders(self, path: str) -> None:
        """The folder and those above it, as far as they are missing."""
        here = os.open(self.top, os.O_PATH | os.O_DIRECTORY)
        try:
            for part in self.relative(path).split("/") if self.relative(path) else ():
                made = _made(here, part)
                below = open_beneath(here, part, os.O_RDONLY | os.O_DIRECTORY, native=True)
                os.close(here)
                here = below
                if made:  # mkdir leaves the sticky and set-group bits to the system
                    os.fchmod(here, FOLDERS)
        finally:
            os.close(here)

    def make_folder(self, path: str) -> None:
        """One folder in one that is there; FileExistsError when it is there itself."""
        name = self.relative(path)
        if not name:
            raise FileExistsError(errno.EEXIST, "It is there.")
        above, _, last = name.rpartition("/")
        here = self._open(above, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.mkdir(last, FOLDERS, dir_fd=here)
        finally:
            os.close(here)
        self.make_folders(path)

    def create(self, path: str, *, cut: bool = True, fresh: bool = False) -> int:
        """A descriptor to write a plain file with; what was there is cut unless it is gone on
        with. FileExistsError when `fresh` and there is one."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | (os.O_EXCL if fresh else 0)
        descriptor = self._open(self.relative(path), flags, FILES)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadPath("This is no plain file.", reason="kind")
            os.fchmod(descriptor, FILES)
            if cut:
                os.ftruncate(descriptor, 0)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def set_mode(self, path: str) -> None:
        """The mode of staged files, for a plain file; a folder keeps its own."""
        descriptor = self._open(self.relative(path), os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadPath("Only files get this mode.", reason="kind")
            os.fchmod(descriptor, FILES)
        finally:
            os.close(descriptor)

    def stat(self, path: str) -> os.stat_result:
        """Of a file or folder."""
        descriptor = self._open(self.relative(path), os.O_PATH)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        try:
            return stat.S_ISDIR(self.stat(path).st_mode)
        except OSError:
            return False

    def _open(self, name: str, flags: int, mode: int = 0) -> int:
        if not name:
            return os.open(self.top, flags | os.O_CLOEXEC)
        return open_beneath(self.top, name, flags, mode, native=True)


def _made(here: int, part: str) -> bool:
    try:
        os.mkdir(part, FOLDERS, dir_fd=here)
    except FileExistsError:
        return False
    return True
