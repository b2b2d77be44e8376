"""What nobody needs any more in a node's own folders goes; how much room they have.

Source: reference/ngas-http.md section 8. Nothing is followed out of a folder: a link goes, what it
leads to stays.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

PROCESSING = timedelta(minutes=30)
"""A result of processing that is older was not fetched."""
SCRATCH = timedelta(hours=12)
BACK_LOG = timedelta(days=8)
"""Without a SubscriptionDef."""
MIB = 1 << 20


def folders(node: ArchiveNode) -> Iterator[tuple[Path, timedelta]]:
    """The folders that are tidied, and since when an entry of each must have been left alone."""
    defined = node.config.subscriptions
    yield node.root / node.config.processing.directory / "processing", PROCESSING
    yield node.root / "subscr-back-log", defined.expire_after if defined else BACK_LOG
    yield node.scratch, SCRATCH


def tidy(folder: Path, left_alone: timedelta, now: float) -> int:
    """Remove the entries of a folder that nothing was done with for so long; how many there were.
    `now` in seconds since the epoch."""
    if folder.is_symlink() or not folder.is_dir():
        return 0
    old = [each for each in folder.iterdir() if now - _last_use(each) > left_alone.total_seconds()]
    for each in old:
        try:
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s is not tidied up: %s", each, error)
    return len(old)


def _last_use(path: Path) -> float:
    """When something was last done with an entry, or anything in it."""
    latest = _touched(path)
    if path.is_symlink() or not path.is_dir():
        return latest
    for top, _, files in os.walk(path):
        for each in (Path(top), *(Path(top) / name for name in files)):
            latest = max(latest, _touched(each))
    return latest


def _touched(path: Path) -> float:
    try:
        found = path.lstat()
    except OSError:
        # Somebody else is at it just now.
        return float("inf")
    return max(found.st_atime, found.st_mtime, found.st_ctime)


def full_folders(node: ArchiveNode) -> list[tuple[Path, int]]:
    """The system's folders with less room than MinSpaceSysDirMb, and how much they have in MiB.
    Volumes are not among them: a disk that is full is complete, and no reason to stop."""
    least = node.config.janitor.least_space_mb
    found = []
    for each in _system_folders(node):
        free = shutil.disk_usage(each).free // MIB
        if free < least:
            found.append((each, free))
    return found


def _system_folders(node: ArchiveNode) -> list[Path]:
    config = node.config
    given = [node.root, node.root / config.processing.directory]
    if config.archiving is not None:
        given.append(node.root / config.archiving.buffer_directory)
    if config.log.file:
        given.append((node.root / config.log.file).parent)
    return [each for each in dict.fromkeys(given) if each.is_dir()]
