"""Looking through folders for a job's files: streaming, never through a link, never into our own
notes; what cannot be looked at is told as a failed item and the search goes on."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lagan.kit.errors import BadPath
from lagan.worker.site import paths, refusals
from lagan.worker.site.filters import Filters
from lagan.worker.steps import Context

BEAT_EVERY = 1000
"""Entries between two words of progress."""

LEFT = "/"
"""At the end of a path: a folder that a search has found and left for later. When it is gone by
then, nothing that anybody asked for is missing. The hub gives no path so."""


class Seen(NamedTuple):
    """A file or link that the job's filters keep, or a folder (`facts` None)."""

    path: str
    facts: os.stat_result | None


def is_left(path: str) -> bool:
    """Whether `path` is a folder that a search came by itself."""
    return path.endswith(LEFT) and path != "/"


class Search:
    """One walk's look at the site, with its counts."""

    def __init__(self, context: Context, filters: Filters) -> None:
        self.entries = 0
        self.folders = 0
        self.passed_over = 0
        """Entries that the filters keep out, or that are our own."""
        self.kept_back = 0
        """The same, and whatever could not be looked at: what will stay where it is."""
        self._context = context
        self._filters = filters

    def starts(self, items: Iterable[str]) -> list[str]:
        """The paths to begin with, each once: of those that lie beneath each other the topmost
        folder. What is refused, or not there, is a failed item."""
        kept: list[str] = []
        for path in sorted(set(self._tidied(items)), key=lambda each: each.replace("/", "\0")):
            above = kept[-1] if kept else ""
            if not above or not path.startswith(above.rstrip("/") + "/") or not self._covers(above):
                kept.append(path)
            elif not is_left(path):
                self._facts(path)  # it is found with the others, or told as missing
        return kept

    def first(self, path: str) -> Seen | None:
        """What is at a path to begin with; None when that was told already."""
        if is_left(path):
            return Seen(path.removesuffix(LEFT), None)
        facts = self._facts(path)
        return None if facts is None else self._judged(path, facts, modes.S_ISDIR(facts.st_mode))

    def look(self, folder: str, found: bool = False) -> Iterator[Seen]:
        """What is in a folder, in the order of the filesystem. `found`: the search came by it
        itself, so that it may be gone."""
        self.folders += 1
        for entry in self._listed(folder, found):
            self.entries += 1
            if self.entries % BEAT_EVERY == 0:
                self._context.progress(0)
            seen = self._seen(folder, entry)
            if seen is not None:
                yield seen

    def _listed(self, folder: str, found: bool) -> Iterator[os.DirEntry[str]]:
        try:
            with (
                paths.open_at(folder, os.O_RDONLY | os.O_DIRECTORY) as opened,
                os.scandir(opened) as entries,
            ):
                yield from entries
        except FileNotFoundError as error:
            if not found:
                self._refuse(folder, error)
        except (OSError, BadPath) as error:
            self._refuse(folder, error)

    def _seen(self, folder: str, entry: os.DirEntry[str]) -> Seen | None:
        path = f"{folder}/{entry.name}" if folder != "/" else f"/{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False):
                return self._judged(path, None, True)
            return self._judged(path, entry.stat(follow_symlinks=False), False)
        except FileNotFoundError:
            return None  # removed while we looked
        except OSError as error:
            self._refuse(path, error)
            return None

    def _judged(self, path: str, facts: os.stat_result | None, is_folder: bool) -> Seen | None:
        if is_folder:
            if self._filters.enters(path) and not paths.is_ours(path):
                return Seen(path, None)
        elif facts is not None and not _is_content(facts.st_mode):
            self.kept_back += 1
            self._context.skip_item(path, "skipped.special", "It is a device, a pipe or a socket.")
            return None
        elif facts is not None and self._filters.keep(facts, path):
            return Seen(path, facts)
        self.passed_over += 1
        self.kept_back += 1
        return None

    def _tidied(self, items: Iterable[str]) -> Iterator[str]:
        for item in items:
            try:
                yield paths.locate(item).path + (LEFT if is_left(item) else "")
            except BadPath as error:
                self._refuse(item, error)

    def _covers(self, path: str) -> bool:
        """Whether `path` is a folder, so that what lies beneath is found in it."""
        try:
            return is_left(path) or modes.S_ISDIR(paths.stat(path).st_mode)
        except (OSError, BadPath):
            return False

    def _facts(self, path: str) -> os.stat_result | None:
        try:
            return paths.stat(path)
        except (OSError, BadPath) as error:
            self._refuse(path, error)
            return None

    def _refuse(self, path: str, error: OSError | BadPath) -> None:
        self.kept_back += 1
        self._context.fail_item(path, refusals.category(error), refusals.reason(error))


def _is_content(mode: int) -> bool:
    return modes.S_ISREG(mode) or modes.S_ISLNK(mode)
