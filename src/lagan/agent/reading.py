"""Files opened beneath the data folder without following a link, and only when they are regular files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from lagan.client.whole import Opened, Unreadable

_PLAIN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = _PLAIN | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOLDER = _PLAIN | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)
_STEPWISE = os.open in os.supports_dir_fd


@contextmanager
def opened(base: str, path: str, shown: str) -> Iterator[Opened]:
    """The file `path` (relative, below the folder `base`), open. Unreadable names it as `shown`."""
    try:
        descriptor = _descend(base, path.split(os.sep)) if _STEPWISE else os.open(os.path.join(base, path), _FILE)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise Unreadable(f"{shown} cannot be read: {error.strerror}.", missing=missing) from None
    try:
        source = Opened(descriptor, shown)
        if not stat.S_ISREG(source.before.st_mode):
            raise Unreadable(f"{shown} is no longer a plain file.")
        yield source
    finally:
        os.close(descriptor)


def _descend(base: str, names: list[str]) -> int:
    """Open step by step, so that a folder swapped for a link in between leads nowhere."""
    here = os.open(base, _PLAIN | getattr(os, "O_DIRECTORY", 0))
    try:
        for name in names[:-1]:
            deeper = os.open(name, _FOLDER, dir_fd=here)
            os.close(here)
            here = deeper
        return os.open(names[-1], _FILE, dir_fd=here)
    finally:
        os.close(here)
