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
    if settings is None or not settings.url:
        return None
    place = str(_place(row, settings))
    found = next((each for each in folders if each.web and _is_of(row, each, place)), None)
    return QUrl(found.web if found else settings.url)


def folder(row: Any, settings: Settings | None) -> QUrl | None:
    """The nearest folder on this computer that a row is about and that is there."""
    if settings is None or not settings.data_directory:
        return None
    place = _place(row, settings)
    for each in (place / getattr(row, "subdirectory", ""), place, *place.parents):
        if each.is_dir():
            return QUrl.fromLocalFile(str(each))
    return None


def _place(row: Any, settings: Settings) -> Path:
    """The dataset's folder that a row belongs to, or the file itself."""
    base = Path(settings.data_directory)
    if isinstance(row, FolderRow):
        return Path(row.location)
    return base / (row.file if isinstance(row, CleanUpRow) else getattr(row, "folder", ""))


def _is_of(row: Any, dataset: FolderRow, place: str) -> bool:
    return row == dataset or place == dataset.location or place.startswith(dataset.location + "/")
