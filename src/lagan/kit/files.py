"""The one atomic file writer: what it has put in place is whole and survives a power cut.

The phases are apart so that a group of files can share its flushes: `Draft` takes the bytes under a
temporary name and flushes them, `make_folders` prepares the target, `move_in` gives the name
without overwriting, `sync_folder` makes the name last. `write_atomically` is all of them for one
small file.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lagan.kit.digests import Buffer

WRITEBACK = 32 << 20
"""Bytes after which the kernel is told to start writing: the final flush then costs nothing
measurable."""
_IOV_LIMIT = 1024
"""IOV_MAX of Linux: buffers in one writev."""
_OURS = os.O_RDWR | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY"))
"""How a draft is opened: Windows, where agents run, has O_BINARY and not the others."""
_SYNC_WRITE = 2
"""SYNC_FILE_RANGE_WRITE: start, do not wait."""
_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_NO_SUCH_CALL = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
"""How filesystems without RENAME_NOREPLACE answer (NFS, FUSE, old kernels)."""


def _load(name: str, *types: Any) -> Callable[..., int] | None:
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return None
    function.argtypes = types
    loaded: Callable[..., int] = function
    return loaded


_sync_file_range = _load(
    "sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint
)
_renameat2 = _load(
    "renameat2", ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
)


class Draft:
    """A file under a temporary name, growing at its end. For one thread at a time.

    Once a write or a flush failed, the kernel may have dropped bytes and say nothing the next time:
    the draft is `broken` from then on and refuses everything but `discard`.
    """

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self.size = size
        self.broken: OSError | None = None
        self._descriptor = descriptor
        self._started = size

    @classmethod
    def create(cls, path: Path, mode: int = 0o644) -> Draft:
        """A new, empty one; FileExistsError when the path is taken."""
        return cls(path, os.open(path, _OURS | os.O_CREAT | os.O_EXCL, mode), 0)

    @classmethod
    def reopen(cls, path: Path) -> Draft:
        """One that was begun before, as it is; FileNotFoundError when it is gone."""
        descriptor = os.open(path, _OURS)
        return cls(path, descriptor, os.fstat(descriptor).st_size)

    @property
    def closed(self) -> bool:
        """Whether the descriptor was let go."""
        return self._descriptor < 0

    def fileno(self) -> int:
        """The open descriptor."""
        if self.closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), str(self.path))
        return self._descriptor

    def cut(self, size: int) -> None:
        """Drop all but the first `size` bytes."""
        os.ftruncate(self.fileno(), size)
        self.size = self._started = size

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Add the pieces in order, whatever the kernel takes at a time, and start their way to the
        disk."""
        self.check()
        try:
            self.size += write_all(self.fileno(), pieces, self.size)
            if self.size - self._started >= WRITEBACK:
                start_writeback(self.fileno(), self._started, self.size - self._started)
                self._started = self.size
        except OSError as error:
            self.broken = error
            raise

    def skip(self, count: int) -> None:
        """Add zeros that take no room: a hole."""
        self.check()
        try:
            os.ftruncate(self.fileno(), self.size + count)
        except OSError as error:
            self.broken = error
            raise
        self.size += count

    def flush(self) -> None:
        """Return when the bytes (not yet the name) survive a power cut."""
        self.check()
        try:
            os.fsync(self.fileno())
        except OSError as error:
            self.broken = error
            raise

    def close(self) -> None:
        """Let the descriptor go; the file stays. May be called more than once."""
        if not self.closed:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def discard(self) -> None:
        """Remove the file if it still has its temporary name. May be called more than once."""
        with suppress(OSError):
            self.close()
        with suppress(FileNotFoundError):
            self.path.unlink()

    def check(self) -> None:
        """OSError if a write or flush failed before."""
        if self.broken is not None:
            raise OSError(
                self.broken.errno, f"failed before: {self.broken.strerror}", str(self.path)
            )


def write_all(descriptor: int, pieces: Sequence[Buffer], offset: int) -> int:
    """Write all pieces from `offset` on, going on after short writes; the number of bytes."""
    views = [view for piece in pieces if (view := memoryview(piece).cast("B")).nbytes]
    start = offset
    while views:
        written = _write_some(descriptor, views, offset)
        if written == 0:
            raise OSError(errno.EIO, "the kernel took no byte")
        offset += written
        views = _after(views, written)
    return offset - start


def _write_some(descriptor: int, views: list[memoryview], offset: int) -> int:
    if hasattr(os, "pwritev"):
        return os.pwritev(descriptor, views[:_IOV_LIMIT], offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, views[0])


def _after(views: list[memoryview], count: int) -> list[memoryview]:
    for index, view in enumerate(views):
        if count < view.nbytes:
            return [view[count:], *views[index + 1 :]]
        count -= view.nbytes
    return []


def start_writeback(descriptor: int, offset: int, length: int) -> None:
    """Ask the kernel to begin writing a range; a hint, so a filesystem without it is no error."""
    if _sync_file_range is None:
        return
    if _sync_file_range(descriptor, offset, length, _SYNC_WRITE) != 0:
        number = ctypes.get_errno()
        if number in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise OSError(number, os.strerror(number))


def make_folders(folder: Path) -> list[Path]:
    """Make `folder` and its missing parents; the folders that hold a new one, which must be
    flushed."""
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
        return []
    except FileNotFoundError:
        above = make_folders(folder.parent)
        return [*above, *make_folders(folder)]
    return [folder.parent]


def move_in(source: Path, target: Path) -> None:
    """Give `source` the name `target`; FileExistsError when that is taken: nothing is
    overwritten."""
    if _renameat2 is not None:
        if _renameat2(*_places(source, target), _RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _NO_SUCH_CALL:
            raise OSError(number, os.strerror(number), str(source), None, str(target))
    os.link(source, target, follow_symlinks=False)
    source.unlink()


def _places(source: Path, target: Path) -> tuple[int, bytes, int, bytes]:
    return _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target)


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` survive a power cut; Windows opens no folders, and does
    without."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(
    path: Path,
    data: Buffer,
    *,
    overwrite: bool = True,
    staging: Path | None = None,
    mode: int = 0o644,
) -> None:
    """Put `data` at `path`: after any crash there is the old content or all of the new one.

    Missing parents are made. `staging` is the folder of the temporary file, on the same filesystem
    (default: the target's). FileExistsError without `overwrite`; on any error no temporary file
    stays and the path is as it was, or, when only the last flush of its folder failed, the new one.
    """
    to_flush = make_folders(path.parent)
    name = (
        f".{path.name[:80]}.{secrets.token_hex(8)}.tmp"
        if staging is None
        else f"small-{secrets.token_hex(8)}"
    )
    draft = Draft.create((staging or path.parent) / name, mode)
    try:
        draft.write([data])
        draft.flush()
        draft.close()
        if overwrite:
            draft.path.replace(path)
        else:
            move_in(draft.path, path)
    except BaseException:
        draft.discard()
        raise
    for folder in dict.fromkeys([path.parent, *to_flush]):
        sync_folder(folder)
