"""Things of the rows where people want to see them: in the web browser and in the file manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from lagan.agent.rows import CleanUpRow, FolderRow
from lagan.agent.settings import Settings

Open = Callable[[QUrl], bool]


def in_system(url: QUrl) -> bool:
    """Have the system open it; whether it could."""
    return QDesktopServices.openUrl(url)


def page(row: Any, folders: Iterable[FolderRow], settings: Settings | None) -> QUrl | None:
    """The hub's page of what a row is about; the hub itself where there is none yet."""
    found = _folder(row, folders)
    if found is not None and found.web:
        return QUrl(found.web)
    return QUrl(settings.url) if settings is not None and settings.url else None


def folder(row: Any, folders: Iterable[FolderRow], settings: Settings | None) -> QUrl | None:
    """The nearest folder on this computer that a row is about and that is there."""
    place = _place(row, folders, settings)
    for each in (place, *place.parents) if place is not None else ():
        if each.is_dir():
            return QUrl.fromLocalFile(str(each))
    return None


def _place(row: Any, folders: Iterable[FolderRow], settings: Settings | None) -> Path | None:
    base = Path(settings.data_directory) if settings and settings.data_directory else None
    if isinstance(row, CleanUpRow) and base is not None:
        return base / row.file
    found = _folder(row, folders)
    if found is None:
        return base
    return Path(found.location) / getattr(row, "subdirectory", "")


def _folder(row: Any, folders: Iterable[FolderRow]) -> FolderRow | None:
    """The dataset's folder that a row belongs to, by its name."""
    if isinstance(row, FolderRow):
        return row
    name = getattr(row, "folder", None)
    return next((each for each in folders if each.folder == name), None)
