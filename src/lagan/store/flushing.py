"""Flushes side by side: the kernel writes them together, for the time of one or two."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from lagan.kit.files import Draft, make_folders, sync_folder

T = TypeVar("T")
FLUSHERS = 8
"""Threads that flush what belongs to one group: measured twice as fast as one for small files."""

FEW = 8
"""Folders that are flushed one after the other."""


class Flushers:
    """Threads that wait for the disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(FLUSHERS, "flush")

    def each(self, flush: Callable[[T], object], many: Collection[T]) -> None:
        """Flush each of `many`; when all are done, raise the first error that there was."""
        if len(many) == 1:
            flush(*many)
            return
        those = list(many)
        shares = [those[hand::FLUSHERS] for hand in range(min(FLUSHERS, len(those)))]
        begun = [self._pool.submit(_all, flush, share) for share in shares]
        wait(begun)
        for share in begun:
            share.result()

    def folders(self, folders: Collection[Path]) -> None:
        """Return when the names in all of these folders survive a power cut."""
        if len(folders) > FEW:
            self.each(sync_folder, folders)
        else:  # the first flush takes most of what the others would wait for
            for folder in folders:
                sync_folder(folder)


def replace_together(
    entries: Sequence[tuple[Path, bytes]], staging: Path, flushers: Flushers
) -> None:
    """Put each content at its path by way of `staging`, on the same filesystem; return when all of
    it lasts. On an error each path has its old content or all of the new one."""
    drafts: list[Draft] = []
    try:
        for _, data in entries:
            drafts.append(Draft.create(staging / f"small-{secrets.token_hex(8)}"))
            drafts[-1].write([data])
        flushers.each(Draft.flush, drafts)
        folders: dict[Path, None] = {}
        for draft, (path, _) in zip(drafts, entries, strict=True):
            if path.parent not in folders:
                folders |= dict.fromkeys([*make_folders(path.parent), path.parent])
            draft.path.replace(path)
            draft.close()
        flushers.folders(folders)
    except BaseException:
        for draft in drafts:
            draft.discard()
        raise


def _all(flush: Callable[[T], object], some: Sequence[T]) -> None:
    errors = []
    for one in some:
        try:
            flush(one)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
