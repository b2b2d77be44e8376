"""Sites and their folders as rows of the browser, and what somebody picked there; pure but for the
sites themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import queries
from lagan.hub.jobs.browsing import Entry
from lagan.hub.jobs.rules import HUB
from lagan.hub.jobs.site_rights import browsable
from lagan.hub.web import names, presented
from lagan.kit.errors import BadInput

SIZE = 200
"""Entries of a folder that are shown at once."""
DEEPEST = 60
"""Levels of the tree; a page's own limit, not the filesystem's."""
ICONS = {"directory": "folder", "file": "file", "link": "link", "other": "file-question-mark"}
TYPES: Mapping[str, str | Promise] = {
    "directory": _("Folder"),
    "file": _("File"),
    "link": _("Link"),
    "other": _("Special file"),
}
FOLDER, FILE = "folder", "file"


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site as the top of its tree."""

    name: str
    title: str
    online: bool
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something in a folder. `pick` is what its tick box posts, `address` a folder's page; `status`
    the key of the file's state."""

    name: str
    pick: str
    path: str
    is_folder: bool
    icon: str
    type: str | Promise
    size: int | None
    status: str
    pinned: bool
    modified: datetime | None
    target: str
    address: str


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked at one site."""

    folders: list[str]
    files: list[str]

    @property
    def paths(self) -> list[str]:
        """All of it."""
        return [*self.folders, *self.files]


def site_lines(actor: Actor) -> list[SiteLine]:
    """The sites that the visitor may browse, by name."""
    rows = [row for row in browsable(actor) if row.name != HUB]
    online = queries.online()
    return [
        SiteLine(row.name, row.title, row.name in online, folder_address(row.name)) for row in rows
    ]


def lines(site: str, entries: Iterable[Entry]) -> list[Line]:
    """The entries of a site's answer."""
    return [_line(site, each) for each in entries]


def folder_address(site: str, path: str = "", **more: Any) -> str:
    """The page of a site's folder."""
    return presented.addressed(
        "/browse/", site=site, path=names.carried(path) if path else "", **more
    )


def way(site: str, path: str) -> list[tuple[str, str]]:
    """The folders on the way down to `path`, each with its page."""
    made, here = [], ""
    for name in [each for each in path.split("/") if each]:
        here += f"/{name}"
        made.append((names.readable(name), folder_address(site, here)))
    return made


def picked(texts: Iterable[str]) -> Picked:
    """What tick boxes posted. BadInput for what none of ours posts."""
    found = Picked([], [])
    for text in dict.fromkeys(texts):
        kind, colon, path = text.partition(":")
        if not colon or kind not in (FOLDER, FILE):
            raise BadInput("This is nothing that can be picked.", field="pick")
        (found.folders if kind == FOLDER else found.files).append(names.uncarried(path))
    return found


def texts(given: Sequence[str], gathered: str) -> list[str]:
    """What was picked: box by box, or gathered by a script as one list."""
    if not gathered:
        return list(given)
    try:
        read = json.loads(gathered)
    except ValueError:
        raise BadInput("A list of paths is expected.", field="paths") from None
    if not isinstance(read, list) or not all(isinstance(each, str) for each in read):
        raise BadInput("A list of paths is expected.", field="paths")
    return read


def _line(site: str, entry: Entry) -> Line:
    is_folder = entry.type == "directory"
    kind = FOLDER if is_folder else FILE
    return Line(
        name=names.readable(entry.name),
        pick=f"{kind}:{names.carried(entry.path)}",
        path=names.carried(entry.path),
        is_folder=is_folder,
        icon=ICONS.get(entry.type, ICONS["other"]),
        type=TYPES.get(entry.type, TYPES["other"]),
        size=None if is_folder else entry.size,
        status=entry.status or "",
        pinned=entry.pinned is not None,
        modified=None if entry.mtime is None else _moment(entry.mtime),
        target=names.readable(entry.target or ""),
        address=folder_address(site, entry.path) if is_folder else "",
    )


def _moment(seconds: float) -> datetime | None:
    """A filesystem's time; None for those that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
