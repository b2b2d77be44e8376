"""Each folder that a site serves has a name of its own, an attribute of the folder: what a target
is told of the files beneath it is never mistaken for what is told of another site's."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
from contextlib import suppress

from lagan.kit.ids import new_id

ATTRIBUTE = "user.lagan.root"
"""Of the folder: it goes where the folder goes."""
_NAME = re.compile(r"[0-9a-f]{32}")
_known: dict[str, str] = {}


def name_of(root: str | os.PathLike[str]) -> str:
    """The name of a root, given to it now if it has none: 32 hex digits. One that cannot be written
    to is called by its path at this host. OSError while it is not there."""
    path = os.fspath(root)
    known = _read(path)
    if known:
        return known
    try:
        # Of several workers that begin together one gives the name.
        with suppress(FileExistsError):
            os.setxattr(path, ATTRIBUTE, new_id().hex.encode(), os.XATTR_CREATE)
        return _read(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise
        return hashlib.sha256(f"{socket.gethostname()}\0{path}".encode()).hexdigest()[:32]


def root_of(origin: str, path: str) -> str:
    """The name of the root that the file at `path` beneath it lies in, which is at `origin`; empty
    when that root has none."""
    if not path or not origin.endswith(f"/{path}"):
        return ""
    root = origin[: -len(path) - 1] or "/"
    known = _known.get(root)
    if known is None:
        known = _known[root] = _read(root)
    if not known:
        del _known[root]  # it may get one
    return known


def _read(root: str) -> str:
    try:
        text = os.getxattr(root, ATTRIBUTE).decode("ascii", "replace")
    except OSError:
        return ""
    return text if _NAME.fullmatch(text) else ""
