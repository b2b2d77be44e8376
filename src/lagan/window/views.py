"""The views with their documented columns, for each what it says, sorts by and looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from lagan.agent.rows import VIEWS, CleanUpRow, Kind
from lagan.kit.sizes import show_size
from lagan.window.columns import Column, View

TONES = {
    Kind.WAITING: "waits",
    Kind.WORKING: "busy",
    Kind.GOOD: "good",
    Kind.LATER: "waits",
    Kind.FAILED: "doubt",
    Kind.REFUSED: "bad",
}
"""The icon of each kind of condition; the words beside it say the same."""
WORDS = {
    Kind.WAITING: "Waiting",
    Kind.WORKING: "Working",
    Kind.GOOD: "Archived",
    Kind.LATER: "Next run",
    Kind.FAILED: "Not sent",
    Kind.REFUSED: "Refused",
}
WIDTHS = {
    "id": 5, "folder": 22, "location": 30, "created": 15, "experiment": 24, "status": 30,
    "owner": 14, "group": 14, "username": 24, "name": 30, "email": 30, "short_name": 28,
    "full_name": 34, "subdirectory": 16, "filename": 24, "message": 34, "size": 10,
    "progress": 16, "speed": 11, "job": 26, "start": 20, "finish": 20, "schedule": 18,
    "interval": 16, "datafile": 12, "verified": 60, "selected": 8, "file": 44,
}  # fmt: skip
NUMBERS = frozenset({"id", "size", "speed", "interval"})
STRETCHED = {
    "Folders": "location", "Users": "email", "Groups": "full_name", "Verifications": "message",
    "Uploads": "message", "Tasks": "job", "Clean-up": "file",
}  # fmt: skip
EMPTY = {
    "Folders": "No datasets yet.\nSync Now looks into the data directory.",
    "Users": "No user folders have been looked up yet.",
    "Groups": "No group folders have been looked up yet.",
    "Verifications": "The hub has not been asked about any file yet.",
    "Uploads": "Nothing is being sent.\nFiles that the hub lacks appear here during a run.",
    "Tasks": "No run has begun yet.\nThe schedule is in the settings; Sync Now runs at once.",
    "Clean-up": "Look for files begins a search for local files whose copies at the hub are"
                " verified.\nNothing is removed before you choose it.",
}  # fmt: skip


def views() -> list[View[Any]]:
    """All of them, in the documented order."""
    return [_view(title, columns) for title, (_, columns) in VIEWS.items()]


def _view(title: str, columns: tuple[tuple[str, str], ...]) -> View[Any]:
    names = [attribute for _, attribute in columns]
    made = tuple(_column(title, heading, attribute) for heading, attribute in columns)
    return View(title, made, lambda row: row.id, EMPTY[title], names.index(STRETCHED[title]))


def _column(view: str, heading: str, name: str) -> Column[Any]:
    text, order = _text(view, name), _order(view, name)
    width = 13 if (view, name) == ("Uploads", "status") else WIDTHS[name]
    column: Column[Any] = Column(heading, text, width, order, name in NUMBERS)
    if view == "Uploads" and name == "progress":
        return Column(heading, _percent, 16, order, fraction=lambda row: float(row.progress))
    if view == "Uploads" and name == "status" or view == "Verifications" and name == "message":
        tone = _tone
    elif view == "Folders" and name == "status":
        tone = _folder_tone
    elif view == "Clean-up" and name == "verified":
        tone = _verified_tone
    elif name == "selected":
        return Column(
            heading, text, WIDTHS[name], order, ticked=lambda row: row.selected, tick=_tick
        )
    else:
        return column
    return replace(column, tone=tone)


def _text(view: str, name: str) -> Callable[[Any], str]:
    if view == "Uploads" and name == "status":
        return lambda row: WORDS[row.condition.kind]
    if name == "verified":
        return lambda row: "Verified copies" if row.verified else _sentence(row.message)
    if name == "selected":
        return lambda row: ""
    if name == "size":
        return lambda row: show_size(row.size)
    if name == "speed":
        return lambda row: show_speed(row.speed) if row.speed else ""
    if name in ("start", "finish"):
        return lambda row: show_time(getattr(row, name))
    if name == "created":
        return lambda row: row.created.replace("T", " ")[:16]
    return lambda row: _plain(getattr(row, name))


def _order(view: str, name: str) -> Callable[[Any], Any] | None:
    if name in ("id", "size", "speed", "progress", "verified", "selected"):
        return lambda row: getattr(row, name)
    if name in ("start", "finish"):
        return lambda row: show_time(getattr(row, name)) or "~"
    if name == "interval":
        return lambda row: row.interval or 0
    if view == "Folders" and name == "status":
        return lambda row: (row.failed == 0, row.archived / row.files if row.files else 1.0)
    return None


def _tick(row: CleanUpRow, ticked: bool) -> CleanUpRow:
    """Only what has verified copies can be chosen."""
    return replace(row, selected=ticked and row.verified)


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _sentence(why: str) -> str:
    return f"{why[:1].upper()}{why[1:]}" or "Not verified"


def _percent(row: Any) -> str:
    return f"{row.progress:.1%}" if row.size >= 1 << 30 else f"{row.progress:.0%}"


def _tone(row: Any) -> str:
    return TONES[row.condition.kind]


def _folder_tone(row: Any) -> str:
    if row.failed:
        return "doubt"
    return "good" if row.archived >= row.files else "waits"


def _verified_tone(row: CleanUpRow) -> str:
    return "good" if row.verified else "waits"


def show_time(moment: datetime | None) -> str:
    """A local time for people; nothing when there is none."""
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def show_speed(bytes_per_second: float) -> str:
    """Bytes a second for people."""
    return f"{show_size(round(bytes_per_second))}/s"
