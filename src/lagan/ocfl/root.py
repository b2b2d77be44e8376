"""A storage root on a disk: found or begun, for one writer at a time, with a place for what is not
whole yet.

That place is a folder of `extensions/`, on the same filesystem and allowed by the specification:
a storage root is valid whatever was killed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lagan.kit.errors import BadInput
from lagan.kit.files import make_folders, sync_folder
from lagan.ocfl.errors import InUse, NotARoot
from lagan.ocfl.folders import read_plain
from lagan.ocfl.layout import DESCRIPTIONS, Layout, layout_of
from lagan.ocfl.terms import EXTENSIONS, LAYOUT, ROOT, declaration

WORK = "lagan-export"
"""In `extensions/`; gone when an export has ended well."""
_NO_LOCKS = frozenset({errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP})
"""How filesystems without locks on folders answer (NFS, some of FUSE)."""


@contextmanager
def held(root: Path) -> Iterator[Layout]:
    """The root is ours to write until this ends; made when it is missing or empty. Its layout.

    NotARoot for a folder with other things, InUse when somebody else writes.
    """
    try:
        make_folders(root)
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput(f"{root} cannot be written to: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"Somebody else writes into {root}.") from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield _layout(root)
    finally:
        os.close(descriptor)


def clear(root: Path) -> None:
    """Remove what unfinished exports have left."""
    shutil.rmtree(root / EXTENSIONS / WORK, ignore_errors=True)


def read_layout(root: Path) -> Layout | None:
    """The layout that a root names; None when it names none. NotARoot."""
    try:
        named = json.loads(read_plain(root / LAYOUT))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise NotARoot(f"{LAYOUT} cannot be read.") from None
    try:
        extension = named["extension"]
        config = root / EXTENSIONS / str(extension) / "config.json"
        return layout_of(extension, json.loads(read_plain(config)) if config.is_file() else {})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotARoot(f"{LAYOUT} or its config.json cannot be read.") from None


def _layout(root: Path) -> Layout:
    if not (root / f"0={ROOT}").is_file():
        return _begin(root)
    layout = read_layout(root)
    if layout is None:
        raise NotARoot(f"{root} does not say where objects lie in it: there is no {LAYOUT}.")
    return layout


def _begin(root: Path) -> Layout:
    """Write the declaration last: without it, this is done once more."""
    layout = Layout()
    if {each.name for each in root.iterdir()} - {EXTENSIONS, LAYOUT}:
        raise NotARoot(f"{root} is neither empty nor an OCFL 1.1 storage root.")
    config = root / EXTENSIONS / layout.extension / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    named = {"extension": layout.extension, "description": DESCRIPTIONS[layout.extension]}
    name, text = declaration(ROOT)
    for place, content in (
        (config, _json(layout.config)),
        (root / LAYOUT, _json(named)),
        (root / name, text),
    ):
        place.write_bytes(content)
        os.sync()
    sync_folder(root)
    return layout


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
