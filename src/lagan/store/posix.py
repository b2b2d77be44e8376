"""A volume in a folder of a filesystem: plain files with readable names.

What is coming in lies in `.lagan/incoming/<key>` on the same filesystem and is locked while
somebody writes it. Publishing flushes the files side by side, moves them in without overwriting and
flushes each folder once.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.kit.files import (
    Draft,
    make_folders,
    move_in,
    sync_folder,
    write_all,
    write_atomically,
)
from lagan.kit.holes import pieces
from lagan.kit.paths import open_beneath
from lagan.store.errors import as_refusals, refusal
from lagan.store.flushing import Flushers, replace_together
from lagan.store.layout import (
    INCOMING,
    OWN,
    UNFINISHED,
    check_any,
    check_key,
    check_object,
    check_own,
)
from lagan.store.staging import PosixIncoming, digested, flush, lock, own
from lagan.store.volume import Capabilities, Incoming, ObjectStat, Usage

_END = 1 << 63
"""No file is as long."""
_FOLDERS_REMEMBERED = 10_000
_NOT_OURS = {"lost+found"}


class PosixVolume:
    """A folder that keeps objects as files."""

    capabilities = Capabilities()

    def __init__(self, root: str | os.PathLike[str], *, mode: int = 0o644) -> None:
        """`mode` is what the files of new objects may be: 0o444 where nobody is to change them."""
        self.root = Path(root).absolute()
        self._mode = mode
        self.location = f"posix:{self.root}"
        self._settled: set[Path] = {self.root}
        self._flushers = Flushers()
        with as_refusals(str(self.root)):
            self._folder = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __del__(self) -> None:
        folder = getattr(self, "_folder", -1)
        if folder >= 0:
            os.close(folder)

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Begin under a key that nobody uses."""
        path = self._staging(key)
        with as_refusals(f"upload {key}"):
            try:
                draft = Draft.create(path, self._mode)
            except FileNotFoundError:
                self._flush_folders(make_folders(path.parent))
                draft = Draft.create(path, self._mode)
            try:
                lock(draft, key)
            except BaseException:
                draft.discard()
                raise
        return PosixIncoming(key, draft, Digester(algorithms), durable_name=False)

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Go on after `size` bytes; Locked while somebody else writes it."""
        with as_refusals(f"upload {key}"):
            draft = Draft.reopen(self._staging(key))
            try:
                lock(draft, key)
                _expect_staged(draft)
                known = digested(draft, size, algorithms, digester)
                return PosixIncoming(key, draft, known, durable_name=True)
            except BaseException:
                draft.close()
                raise

    def pending(self) -> Iterator[ObjectStat]:
        """Everything in the staging folder."""
        with (
            as_refusals(INCOMING),
            suppress(FileNotFoundError),
            os.scandir(self.root / INCOMING) as entries,
        ):
            for entry in entries:
                with suppress(FileNotFoundError):
                    stat = entry.stat(follow_symlinks=False)
                    yield ObjectStat(entry.name, stat.st_size, stat.st_mtime)

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """Flush all files, name all of them, flush all folders; or undo what was named."""
        moves = [(own(incoming), self._path(check_object(name))) for incoming, name in arrivals]
        self._flush_files([incoming for incoming, _ in moves])
        moved: list[tuple[PosixIncoming, Path]] = []
        folders: dict[Path, None] = {}
        try:
            for incoming, target in moves:
                self._move(incoming, target, folders)
                moved.append((incoming, target))
            self._flush_names(moved, folders)
        except BaseException as error:
            _undo(moved)
            if isinstance(error, OSError):
                raise refusal(error, moved_name(error, self.root)) from error
            raise
        for incoming, _ in moves:
            incoming.moved = True
            with suppress(OSError):
                incoming.draft.close()

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """Pieces of 1 MiB; the object is opened before this returns."""
        with as_refusals(name):
            return _Pieces(self._open(name, os.O_RDONLY), name, offset, length)

    def stat(self, name: str) -> ObjectStat:
        """Size and time of a regular file."""
        with as_refusals(name):
            descriptor = self._open(name, os.O_RDONLY | os.O_NONBLOCK)
            try:
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
        return ObjectStat(name, found.st_size, found.st_mtime)

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """Regular files only, folder by folder."""
        folder = prefix.rpartition("/")[0]
        with as_refusals(folder or str(self.root)):
            if folder:
                check_any(folder + "/x" if folder + "/" == OWN else folder)
            for name, entry in _walk(self.root / folder, folder + "/" if folder else ""):
                if name.startswith(prefix) and (prefix.startswith(OWN) or not name.startswith(OWN)):
                    with suppress(FileNotFoundError):
                        stat = entry.stat(follow_symlinks=False)
                        yield ObjectStat(name, stat.st_size, stat.st_mtime)

    def delete(self, name: str) -> bool:
        """Unlink, flush the folder, then drop folders that became empty."""
        path = self._path(check_any(name))
        with as_refusals(name):
            try:
                os.close(self._open(name, os.O_RDONLY | os.O_NONBLOCK))
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return False
            sync_folder(path.parent)
        self._drop_empty(path.parent)
        return True

    def append(self, name: str, data: bytes) -> None:
        """Under a lock: end an unfinished line, add, flush; on failure the file is as long as
        before."""
        path = self._path(check_own(name))
        with as_refusals(name):
            new = self._make_file(path)
            descriptor = self._open(name, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _append(descriptor, data)
            finally:
                os.close(descriptor)
            self._flush_folders(new)

    def replace(self, name: str, data: bytes) -> None:
        """Through a temporary file among the incoming, where a crash leaves nothing unnoticed."""
        path = self._path(check_own(name))
        staging = self.root / INCOMING
        with as_refusals(name):
            self._flush_folders(make_folders(staging))
            write_atomically(path, data, staging=staging)

    def replace_many(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """Through temporary files that are flushed together; then each folder once."""
        staging = self.root / INCOMING
        with as_refusals(OWN):
            self._flush_folders(make_folders(staging))
            files = [(self._path(check_own(name)), data) for name, data in entries]
            replace_together(files, staging, self._flushers)

    def usage(self) -> Usage:
        """As statvfs says, for those who are not root."""
        with as_refusals(str(self.root)):
            found = os.statvfs(self.root)
        return Usage(found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail)

    def local_path(self, name: str) -> Path | None:
        """The file's path."""
        return self._path(check_any(name))

    def _path(self, name: str) -> Path:
        return self.root / name

    def _staging(self, key: str) -> Path:
        return self.root / INCOMING / check_key(key)

    def _open(self, name: str, flags: int) -> int:
        descriptor = open_beneath(self._folder, check_any(name), flags)
        if not os.path.isfile(descriptor):  # noqa: PTH113 - by descriptor
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, "not a regular file", name)
        return descriptor

    def _move(self, incoming: PosixIncoming, target: Path, folders: dict[Path, None]) -> None:
        while True:
            self._prepare(target.parent, folders)
            try:
                return move_in(incoming.draft.path, target)
            except FileNotFoundError:
                if target.parent.is_dir():
                    raise
                self._settled.discard(target.parent)

    def _prepare(self, folder: Path, folders: dict[Path, None]) -> None:
        """Make the folder where it is missing; whatever must be flushed joins `folders`.

        A folder that this process has not flushed yet may be another process's, still unflushed.
        """
        folders[folder] = None
        if folder in self._settled:
            return
        self._prepare(folder.parent, folders)
        try:
            make_folders(folder)
            relative = folder.relative_to(self.root).as_posix()
            os.close(open_beneath(self._folder, relative, os.O_PATH | os.O_DIRECTORY))
        except NotADirectoryError:
            raise FileExistsError(errno.EEXIST, "a file has this name", str(folder)) from None

    def _flush_files(self, incomings: Sequence[PosixIncoming]) -> None:
        self._flushers.each(flush, incomings)

    def _flush_names(
        self, moved: Sequence[tuple[PosixIncoming, Path]], folders: Collection[Path]
    ) -> None:
        try:
            self._flushers.folders(folders)
        except OSError as error:
            for incoming, _ in moved:
                incoming.draft.broken = error
            raise
        if len(self._settled) > _FOLDERS_REMEMBERED:
            self._settled = {self.root}
        self._settled.update(folders)

    def _make_file(self, path: Path) -> Sequence[Path]:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        except FileExistsError:
            return ()
        except FileNotFoundError:
            above = make_folders(path.parent)
            return [*above, *self._make_file(path)]
        return [path.parent]

    def _flush_folders(self, folders: Iterable[Path]) -> None:
        for folder in dict.fromkeys(folders):
            sync_folder(folder)

    def _drop_empty(self, folder: Path) -> None:
        kept = {self.root, self.root / OWN}
        with suppress(OSError):
            while folder not in kept:
                folder.rmdir()
                self._settled.discard(folder)
                folder = folder.parent


def _expect_staged(draft: Draft) -> None:
    """FileNotFoundError when the file was published between its opening and its locking: it is an
    object now, and nobody's to cut."""
    there = draft.path.stat(follow_symlinks=False)
    if not os.path.samestat(there, os.fstat(draft.fileno())):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(draft.path))


class _Pieces:
    """Reads a range of an open file and closes it at its end, or when nobody wants more."""

    def __init__(self, descriptor: int, name: str, offset: int, length: int | None) -> None:
        self._descriptor = descriptor
        self._name = name
        self._pieces = pieces(descriptor, _END if length is None else offset + length, offset)

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> Buffer:
        if self._descriptor < 0:
            raise StopIteration
        with as_refusals(self._name):
            piece = next(self._pieces, None)
        if piece is None:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    __del__ = close


def moved_name(error: OSError, root: Path) -> str:
    """The object's name that an error of a move or flush is about."""
    about = error.filename2 or error.filename or ""
    with suppress(ValueError, TypeError):
        return Path(os.fsdecode(about)).relative_to(root).as_posix()
    return str(about) or str(root)


def _undo(moved: Iterable[tuple[PosixIncoming, Path]]) -> None:
    for incoming, target in moved:
        _first_that_works(
            lambda: move_in(target, incoming.draft.path),  # noqa: B023 - called at once
            lambda: target.unlink(),  # noqa: B023
        )


def _first_that_works(*acts: Callable[[], object]) -> None:
    for act in acts:
        try:
            act()
        except OSError:
            continue
        return


def _append(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
    try:
        write_all(descriptor, [data] if whole else [UNFINISHED, data], size)
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if prefix or entry.name not in _NOT_OURS:
                    yield from _walk(folder / entry.name, f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name, entry
