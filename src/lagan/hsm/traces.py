"""A move leaves no trace on the file but its marker: it is no reading of it, and takes no right
from it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from stat import S_IMODE

from lagan.kit.files import start_writeback


def read_unseen(descriptor: int) -> None:
    """From now on reading this open file does not count as reading it: else what is premigrated
    because nobody read it would be what was read last. Only its owner and root may; who may not
    reads as everybody does."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    with suppress(PermissionError):
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NOATIME)


def notice_writing(descriptor: int) -> None:
    """From now on the next write through a memory map changes the file's times, also into a page
    that was written before: what is being written out is written to by a new fault. On a tmpfs
    nothing is ever written out."""
    start_writeback(descriptor, 0, 0)


def give_back_mode(descriptor: int, before: os.stat_result) -> None:
    """Linux takes set-uid and set-gid from a file whose content is changed by who is not root, be
    it its owner. The content is what it was, and so is the mode again."""
    if os.fstat(descriptor).st_mode != before.st_mode:
        os.fchmod(descriptor, S_IMODE(before.st_mode))
