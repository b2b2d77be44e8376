"""Files that programs put into their uploader's folder by SSH or in chunks: announced first, and
taken into the archive once all of it is there and is what was announced."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from lagan.hub.instruments.datafiles import FileRow
from lagan.hub.instruments.models import DataFile
from lagan.kit.errors import BadPath, NoSpace, Unavailable
from lagan.kit.paths import open_beneath

ROOM = 0o2770
"""Mode of folders: whoever shares the staging account's group may take files from them."""
SETTLED = 60.0
"""Seconds without a write after which a file is looked at that nobody asked us to."""
LIFETIME = timedelta(days=7)
"""How long an announced file is awaited."""


@contextmanager
def reachable() -> Iterator[None]:
    """What the system refuses in here leaves as NoSpace or Unavailable."""
    try:
        yield
    except OSError as error:
        words = os.strerror(error.errno or errno.EIO)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"The staging folder has no room: {words}.") from error
        raise Unavailable(f"The staging folder cannot be used: {words}.") from error


def folder_of(uploader: int) -> Path:
    """The one folder that an uploader's key reaches."""
    return settings.CONFIG.staging.folder / str(uploader)


def prepare_folder(uploader: int) -> Path:
    """The same, made when missing. NoSpace, Unavailable."""
    folder = folder_of(uploader)
    with reachable():
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(ROOM)
    return folder


def open_staged(row: FileRow | DataFile, flags: int = os.O_RDONLY) -> int | None:
    """A descriptor of the staged file; None when there is none, or what is there is no plain
    file."""
    uploader = row.uploader_id if isinstance(row, DataFile) else row.uploader
    if not row.staged or uploader is None:
        return None
    try:
        # What may have been put there without us never makes us wait, as a pipe would.
        descriptor = open_beneath(folder_of(uploader), row.staged, flags | os.O_NONBLOCK)
    except (OSError, BadPath):
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def staged_size(row: FileRow | DataFile) -> int | None:
    """Bytes that are there; None when there is no file yet."""
    descriptor = open_staged(row)
    if descriptor is None:
        return None
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def forget_staged(row: FileRow | DataFile) -> None:
    """Remove the staged file, and folders that hold nothing any more. May be called again."""
    uploader = row.uploader_id if isinstance(row, DataFile) else row.uploader
    if not row.staged or uploader is None:
        return
    top, parts = folder_of(uploader), row.staged.split("/")
    for depth in range(len(parts), 0, -1):
        try:
            _remove(top, parts[:depth], folder=depth < len(parts))
        except (OSError, BadPath):
            return


def _remove(top: Path, parts: Sequence[str], *, folder: bool) -> None:
    above = "/".join(parts[:-1])
    flags = os.O_PATH | os.O_DIRECTORY
    place = open_beneath(top, above, flags) if above else os.open(top, flags)
    try:
        if folder:
            os.rmdir(parts[-1], dir_fd=place)
        else:
            with suppress(FileNotFoundError):
                os.unlink(parts[-1], dir_fd=place)
    finally:
        os.close(place)


def is_settled(row: DataFile) -> bool:
    """Whether the staged file is there, and was not written to of late."""
    descriptor = open_staged(row)
    if descriptor is None:
        return False
    try:
        return time.time() - os.fstat(descriptor).st_mtime > SETTLED
    finally:
        os.close(descriptor)


def pieces_of(descriptor: int, size: int = 1 << 20) -> Iterator[bytes]:
    """What is in the file, from its beginning."""
    place = 0
    while piece := os.pread(descriptor, size, place):
        yield piece
        place += len(piece)


def waiting(limit: int) -> list[DataFile]:
    """Files that were announced and not taken in, the first first."""
    rows = DataFile.objects.exclude(staged="").order_by("announced_at")
    return list(rows[:limit])


def give_up(row: DataFile) -> None:
    """One that was awaited too long leaves nothing; what is stored at its path stays."""
    if timezone.now() - row.announced_at > LIFETIME:
        forget_staged(row)
        DataFile.objects.filter(pk=row.pk, staged=row.staged).delete()
