"""The data folder as datasets: what lies where, and by name whatever could not be looked at."""

# ruff: noqa: PTH118 - strings, because a Path for each of a million files takes seconds

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from lagan.agent.filters import Filters
from lagan.agent.names import shown, trouble
from lagan.agent.rows import Condition
from lagan.agent.settings import Settings
from lagan.agent.structures import EXPERIMENT_FILES, LEVELS, Level, Place, place


class Item(NamedTuple):
    """A file as it was seen: path below its dataset with slashes, bytes, modification time in
    nanoseconds."""

    path: str
    size: int
    mtime_ns: int


class Remark(NamedTuple):
    """Something that was passed over: where (relative to the data folder, showable) and why."""

    path: str
    reason: str
    grave: bool = True
    """Whether somebody should do something about it; links and devices are passed over as
    announced."""
    condition: Condition = Condition.REFUSED


@dataclass(slots=True)
class Folder:
    """A dataset's folder: `root` relative to the data folder, `created` in ISO 8601."""

    root: str
    name: str
    place: Place
    created: str
    files: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """What one look at the data folder found; `filtered` counts folders and files that filters
    left out."""

    folders: list[Folder] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    filtered: int = 0


def scan(settings: Settings, filters: Filters, now: float) -> Scan:
    """Look at the whole data folder. Nothing in it is fatal: what cannot be read becomes a
    remark."""
    walk = _Walk(settings, filters, now)
    walk.descend("", LEVELS[settings.folder_structure], {})
    return walk.result


class _Walk:
    """One look, on its way: the settings it needs and what it found so far."""

    def __init__(self, settings: Settings, filters: Filters, now: float) -> None:
        self.base, self.instrument = settings.data_directory, settings.instrument_name
        self.prefix, self.filters, self.now = settings.group_prefix, filters, now
        self.result = Scan()

    def descend(self, below: str, levels: tuple[Level, ...], names: dict[Level, str]) -> None:
        """Visit the folders in `below`, which stand for levels[0]."""
        level, deeper = levels[0], levels[1:]
        for entry in self._folders(below, level):
            here = os.path.join(below, entry.name)
            met = {**names, level: entry.name}
            if not deeper:
                self._dataset(entry, here, place(names, self.instrument, self.prefix))
                continue
            if level is Level.EXPERIMENT:
                self._loose(entry, here, place(met, self.instrument, self.prefix, loose=True))
            self.descend(here, deeper, met)

    def _folders(self, below: str, level: Level) -> Iterator[os.DirEntry[str]]:
        for entry in self._entries(below):
            if entry.name.startswith("."):
                continue
            path = os.path.join(below, entry.name)
            if entry.is_symlink():
                self._remark(path, "a symbolic link is not followed", grave=False)
            elif not entry.is_dir(follow_symlinks=False):
                continue
            elif reason := trouble(entry.name):
                self._remark(path, reason, condition=Condition.NAME)
            elif not self._stands_for(level, entry.name):
                self.result.filtered += 1
            else:
                yield entry

    def _stands_for(self, level: Level, name: str) -> bool:
        if level is Level.LITERAL:
            return name.lower() == "mytardis"
        if level is Level.INSTRUMENT:
            return name == self.instrument
        return self.filters.wants_folder(level, name)

    def _dataset(self, entry: os.DirEntry[str], root: str, where: Place) -> None:
        created = self._created(entry, root)
        if created is None:
            return
        if not self.filters.wants_age(created, self.now):
            self.result.filtered += 1
            return
        folder = Folder(root, entry.name, where, _iso(created))
        folder.files.extend(self._files(root))
        self.result.folders.append(folder)

    def _loose(self, entry: os.DirEntry[str], root: str, where: Place) -> None:
        """Files directly in an experiment's folder: all of them, when one passes the dataset
        filter."""
        entries = [each for each in self._entries(root) if not each.is_dir(follow_symlinks=False)]
        wanted = any(self.filters.wants_folder(Level.DATASET, each.name) for each in entries)
        created = self._created(entry, root) if wanted else None
        if created is None or not self.filters.wants_age(created, self.now):
            return
        files = [item for each in entries if (item := self._item(each, root, each.name))]
        if files:
            self.result.folders.append(Folder(root, EXPERIMENT_FILES, where, _iso(created), files))

    def _files(self, root: str) -> Iterator[Item]:
        """Every file below `root` in any depth, names sorted within a folder."""
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            deeper = []
            for entry in self._entries(os.path.join(root, inside) if inside else root):
                path = f"{inside}/{entry.name}" if inside else entry.name
                if entry.is_dir(follow_symlinks=False):
                    deeper.append(path)
                elif item := self._item(entry, root, path):
                    yield item
            waiting.extend(reversed(deeper))

    def _item(self, entry: os.DirEntry[str], root: str, path: str) -> Item | None:
        if entry.is_symlink():
            self._remark(f"{root}/{path}", "a symbolic link is not followed", grave=False)
        elif not entry.is_file(follow_symlinks=False):
            self._remark(f"{root}/{path}", "it is neither a file nor a folder", grave=False)
        elif not self.filters.wants_name(entry.name):
            self.result.filtered += 1
        elif reason := trouble(path):
            self._remark(f"{root}/{path}", reason, condition=Condition.NAME)
        else:
            try:
                seen = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._unseen(f"{root}/{path}", error)
            else:
                return Item(path, seen.st_size, seen.st_mtime_ns)
        return None

    def _entries(self, below: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(os.path.join(self.base, below)) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            told = f"the folder cannot be read: {error.strerror}"
            self._remark(below or ".", told, condition=Condition.UNREADABLE)
            return []

    def _created(self, entry: os.DirEntry[str], root: str) -> float | None:
        try:
            return entry.stat(follow_symlinks=False).st_ctime
        except OSError as error:
            self._unseen(root, error)
            return None

    def _unseen(self, path: str, error: OSError) -> None:
        gone = isinstance(error, FileNotFoundError)
        condition = Condition.VANISHED if gone else Condition.UNREADABLE
        self._remark(path, f"it cannot be looked at: {error.strerror}", condition=condition)

    def _remark(
        self,
        path: str,
        reason: str,
        grave: bool = True,
        condition: Condition = Condition.REFUSED,
    ) -> None:
        self.result.remarks.append(Remark(shown(path), reason, grave, condition))


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
