"""What lies in a folder, told apart without following links."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lagan.kit.errors import Unavailable


@dataclass(slots=True)
class Inside:
    """Names directly in a folder, sorted; `others` are links, devices, pipes, sockets."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.files or self.folders or self.others)


def look(folder: Path) -> Inside:
    """What lies in it. Unavailable when it cannot be read."""
    inside = Inside()
    try:
        with os.scandir(folder) as entries:
            for each in sorted(entries, key=lambda entry: entry.name):
                if each.is_dir(follow_symlinks=False):
                    inside.folders.append(each.name)
                elif each.is_file(follow_symlinks=False):
                    inside.files.append(each.name)
                else:
                    inside.others.append(each.name)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be read: {error.strerror}.") from None
    return inside
