"""Files opened beneath the data folder without following a link, and only regular ones."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from lagan.client.whole import Opened, Unreadable
from lagan.kit.errors import BadPath
from lagan.kit.paths import open_beneath

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Without O_NONBLOCK a pipe in place of a file would hold the agent for ever."""


@contextmanager
def opened(base: str, path: str, shown: str) -> Iterator[Opened]:
    """The file `path` (relative, below the folder `base`), open. Unreadable names it as `shown`."""
    try:
        descriptor = _open(base, path)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        reason = f"{shown} cannot be read: {error.strerror}."
        raise Unreadable(reason, missing=missing) from None
    except BadPath as error:
        raise Unreadable(error.sentence) from None
    try:
        source = Opened(descriptor, shown)
        if not stat.S_ISREG(source.before.st_mode):
            raise Unreadable(f"{shown} is no longer a plain file.")
        yield source
    finally:
        os.close(descriptor)


def _open(base: str, path: str) -> int:
    if hasattr(os, "O_PATH"):
        return open_beneath(base, path, _FLAGS)
    # Neither macOS nor Windows opens beneath a folder: at least the last name is no link.
    return os.open(f"{base}/{path}", _FLAGS | getattr(os, "O_NOFOLLOW", 0))
