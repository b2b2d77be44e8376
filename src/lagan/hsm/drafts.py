"""A new file of a site has no name until it is whole; then it gets one that is free, or takes the
place of the one that was there, in one step."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lagan.hsm.errors import Taken

_NO_NAMELESS = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}
"""How filesystems answer that cannot make files without a name."""


@contextmanager
def draft_in(folder: int, name: str) -> Iterator[tuple[int, str | None]]:
    """A new file without a name; on a filesystem that has none, with a temporary one, which does
    not outlive the block."""
    flags = os.O_RDWR | os.O_CLOEXEC
    temporary: str | None = None
    try:
        draft = os.open(".", flags | os.O_TMPFILE, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NO_NAMELESS:
            raise
        temporary = _temporary(name)
        _forget(folder, temporary)
        draft = os.open(temporary, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        yield draft, temporary
    finally:
        os.close(draft)
        if temporary is not None:
            _forget(folder, temporary)


def give_name(folder: int, draft: int, temporary: str | None, name: str) -> None:
    """Give the draft a name that is free; Taken when somebody else has taken it just now."""
    try:
        if temporary is None:
            os.link(f"/proc/self/fd/{draft}", name, dst_dir_fd=folder, follow_symlinks=True)
        else:
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise Taken(f"Another file is here: {name!a}.") from None


def take_place(folder: int, draft: int, temporary: str | None, name: str) -> None:
    """Give the draft the name of the file that is there, which has it no more."""
    if temporary is None:
        temporary = _temporary(name)
        _forget(folder, temporary)  # of a worker that was killed between the next two calls
        os.link(f"/proc/self/fd/{draft}", temporary, dst_dir_fd=folder, follow_symlinks=True)
    try:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _forget(folder, temporary)
        raise


def _temporary(name: str) -> str:
    """Always the same for a name, so that what a killed worker left is found."""
    return f".lagan-{hashlib.sha256(os.fsencode(name)).hexdigest()[:24]}"


def _forget(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
