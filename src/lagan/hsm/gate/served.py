"""The filesystems that a gate serves, and their files opened so that nobody hears of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from lagan.hsm.gate.fanotify import OwnMount


class Served:
    """The filesystems that `roots` are on."""

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._mounts: dict[int, OwnMount] = {}
        for root in roots:
            folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            device = device_of_mount(folder)
            own = os.fstat(folder).st_dev
            if own not in self._mounts:
                self._mounts[own] = self._mounts.get(device or own) or OwnMount(folder)
                self._mounts.setdefault(device or own, self._mounts[own])
            os.close(folder)

    def has(self, descriptor: int) -> bool:
        """Whether an open file (O_PATH too) is on one of them."""
        return self._mount(descriptor) is not None

    def open_quietly(self, descriptor: int) -> int:
        """As `OwnMount.open`; OSError for a file of another filesystem."""
        mount = self._mount(descriptor)
        for each in [mount] if mount else dict.fromkeys(self._mounts.values()):
            try:
                return each.open(descriptor)
            except OSError as error:
                if mount or error.errno != errno.ESTALE:
                    raise
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def _mount(self, descriptor: int) -> OwnMount | None:
        found = self._mounts.get(os.fstat(descriptor).st_dev)
        return found or self._mounts.get(device_of_mount(descriptor) or -1)


def device_of_mount(descriptor: int) -> int | None:
    """The device of the whole filesystem that a file is on: parts of a Btrfs have each their own
    besides. None when its mount is none of ours."""
    try:
        about = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        mount = next(line.split()[1] for line in about.splitlines() if line.startswith("mnt_id:"))
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            words = line.split(" ", 3)
            if words[0] == mount:
                major, _, minor = words[2].partition(":")
                return os.makedev(int(major), int(minor))
    except (OSError, StopIteration, ValueError):
        return None
    return None
