"""A folder of this machine as a place: everything is opened beneath it, without following links."""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lagan.kit.errors import BadPath, LaganError
from lagan.kit.paths import open_beneath
from lagan.transfer.errors import ChangedWhileRead, NoSuchPath, NotReadable, OutsideTop, Unreachable
from lagan.transfer.place import Found, Item, Kind, Whole
from lagan.transfer.walking import walk

PIECE = 1 << 20


class LocalPlace:
    """See `Place`. The top is opened once; what it is replaced by later is not looked at."""

    def __init__(self, top: str) -> None:
        """NoSuchPath when there is no such folder."""
        with _told(top):
            self._top = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def items(self, folder: str = "") -> Iterator[Item]:
        """See `Place.items`."""
        with _told(folder):
            opened = self._open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with os.scandir(opened) as entries:
                    for each in entries:
                        yield _item(each.name, each.stat(follow_symlinks=False))
            finally:
                os.close(opened)

    def stat(self, path: str = "") -> Item:
        """See `Place.stat`."""
        with _told(path):
            if not path:
                return _item("", os.fstat(self._top))
            parent, _, name = path.rpartition("/")
            folder = self._open(parent, os.O_PATH | os.O_DIRECTORY)
            try:
                return _item(name, os.stat(name, dir_fd=folder, follow_symlinks=False))
            finally:
                os.close(folder)

    def read(self, path: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Place.read`."""
        with _told(path):
            opened = self._open_file(path)
            try:
                left = length
                while left is None or left > 0:
                    piece = os.pread(opened, PIECE if left is None else min(PIECE, left), offset)
                    if not piece:
                        return
                    yield piece
                    offset += len(piece)
                    left = None if left is None else left - len(piece)
            finally:
                os.close(opened)

    def read_small(self, paths: Sequence[str], limit: int) -> list[Whole | LaganError]:
        """See `Place.read_small`."""
        return [self._small(each, limit) for each in paths]

    def walk(self, path: str = "") -> Iterator[Found | tuple[str, LaganError]]:
        """See `Place.walk`."""
        return walk(self, path)

    def close(self) -> None:
        """See `Place.close`."""
        if self._top >= 0:
            os.close(self._top)
            self._top = -1

    def _small(self, path: str, limit: int) -> Whole | LaganError:
        try:
            with _told(path):
                opened = self._open_file(path)
                try:
                    before = os.fstat(opened)
                    data = os.pread(opened, limit + 1, 0)
                    after = os.fstat(opened)
                finally:
                    os.close(opened)
        except LaganError as error:
            return error
        if len(data) != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
            return ChangedWhileRead(f"{path!r} changed while it was read.")
        return Whole(data, before.st_mtime_ns)

    def _open(self, path: str, flags: int) -> int:
        if path:
            return open_beneath(self._top, path, flags, any_bytes=True)
        return os.open(".", flags | os.O_CLOEXEC, dir_fd=self._top)

    def _open_file(self, path: str) -> int:
        # Not blocking: a pipe must not hold us up before we see that it is one.
        opened = self._open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not modes.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise NotReadable(f"{path!r} is not a regular file.")
        return opened


def _item(name: str, facts: os.stat_result) -> Item:
    return Item(name, kind_of(facts.st_mode), facts.st_size, facts.st_mtime_ns)


def kind_of(mode: int) -> Kind:
    """What a file's mode says that it is."""
    if modes.S_ISREG(mode):
        return "file"
    if modes.S_ISDIR(mode):
        return "folder"
    return "link" if modes.S_ISLNK(mode) else "other"


@contextmanager
def _told(path: str) -> Iterator[None]:
    """The system's refusals in our words."""
    try:
        yield
    except BadPath as error:
        raise OutsideTop(error.sentence, **error.facts) from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise NoSuchPath(f"There is no {path!r}.") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENXIO):
            raise NotReadable(f"{path!r} cannot be read: {error.strerror}.") from None
        raise Unreachable(f"{path!r} cannot be read just now: {error.strerror}.") from None
