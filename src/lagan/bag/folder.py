"""A bag as a folder of this machine: walked and read without following links."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from lagan.bag.container import Member, gather
from lagan.bag.errors import Damage
from lagan.bag.limits import Limits
from lagan.bag.reader import BLOCK
from lagan.bag.verdict import Findings
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadPath
from lagan.kit.paths import open_beneath

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


class Folder:
    """A folder and all beneath it."""

    form = "folder"

    def __init__(self, root: Path, limits: Limits, found: Findings) -> None:
        self._root = root
        self.members: list[Member] = []
        for member in walk(root, found):
            self.members.append(member)
            if len(self.members) > limits.members:
                raise Damage("limit-members", f"More than {limits.members} files and folders.")

    def read(self, member: Member, limit: int) -> bytes:
        """The content of a small file. Damage."""
        return gather(self._pieces(member), limit)

    def contents(self, feed: Callable[[Buffer], None]) -> Iterator[tuple[Member, Iterator[Buffer]]]:
        """Every member with its content; there is no archive to feed."""
        for member in self.members:
            yield member, iter(()) if member.folder else self._pieces(member)

    def _pieces(self, member: Member) -> Iterator[Buffer]:
        try:
            descriptor = open_beneath(
                self._root, member.name, os.O_RDONLY | os.O_NOFOLLOW, native=True
            )
        except (OSError, BadPath) as error:
            raise Damage("file-unreadable", f"The file cannot be opened: {error}.") from None
        try:
            while piece := os.read(descriptor, BLOCK):
                yield piece
        except OSError as error:
            raise Damage("file-unreadable", f"The file cannot be read: {error}.") from None
        finally:
            os.close(descriptor)


def walk(root: Path, found: Findings) -> Iterator[Member]:
    """Files and folders beneath `root`, in the order of their names; whatever is neither, or has a
    name that is not UTF-8, is in `found`."""
    folders = [""]
    while folders:
        above = folders.pop()
        try:
            entries = sorted(os.scandir(root / above), key=lambda entry: entry.name)
        except OSError as error:
            found.error("file-unreadable", above, f"The folder cannot be read: {error.strerror}.")
            continue
        for entry in entries:
            member = _member(entry, above, found)
            if member is not None:
                yield member
                if member.folder:
                    folders.append(member.name)


def _member(entry: os.DirEntry[str], above: str, found: Findings) -> Member | None:
    name = f"{above}/{entry.name}" if above else entry.name
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        found.error("file-unreadable", show(name), f"It cannot be looked at: {error.strerror}.")
        return None
    kind = stat.S_IFMT(status.st_mode)
    if kind in _KINDS:
        found.error("member-kind", show(name), f"It is {_KINDS[kind]}.")
        return None
    if show(name) != name:
        found.error("member-encoding", show(name), "The name is not UTF-8.")
    folder = kind == stat.S_IFDIR
    return Member(name, 0 if folder else status.st_size, folder, mtime_ns=status.st_mtime_ns)


def show(name: str) -> str:
    """A name of a file as text that every encoding of Unicode holds."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
