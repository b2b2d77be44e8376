"""What is in a site's folders, for those who may browse the site, as its own workers see it.

`folder` asks and waits. Whoever waits otherwise asks `question` for the arguments of the site's
question `folder`, and gives its answer to `read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.questions import PATIENCE, ask
from lagan.hub.jobs.site_rights import require_browse
from lagan.kit.errors import Unavailable

VERB = "folder"
"""The question that a site is asked."""

USUAL_SIZE = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder. `type` is file, directory, link or other; `size` in bytes, times in
    seconds since the epoch, None where a root is not mounted. `target` is what a link says,
    `status` in which state a file is, and
    `pinned` until when its content stays (`ever`, or a time), if that was asked for."""

    name: str
    path: str
    type: str
    size: int | None = None
    mtime: float | None = None
    ctime: float | None = None
    mode: int | None = None
    owner: str = ""
    target: str | None = None
    status: str | None = None
    pinned: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A page of a folder; `path` is empty for the list of the site's roots, `next` is the key of
    the page after it. Names that are no UTF-8 have surrogates (PEP 383)."""

    site: str
    path: str
    entries: list[Entry]
    next: str | None


def folder(
    *,
    actor: Actor,
    site: str,
    path: str = "",
    details: bool = False,
    hidden: bool = False,
    after: str | None = None,
    size: int = USUAL_SIZE,
    patience: float = PATIENCE,
) -> Folder:
    """A page of a folder of the site, folders first, by name. NotFound for a site that `actor` may
    not browse and for a folder that is not there, Forbidden and BadInput as the site says,
    Unavailable when no worker of the site answers within `patience` seconds."""
    args = question(
        actor=actor, site=site, path=path, details=details, hidden=hidden, after=after, size=size
    )
    return read(site, ask(site, VERB, args, patience))


def question(
    *,
    actor: Actor,
    site: str,
    path: str = "",
    details: bool = False,
    hidden: bool = False,
    after: str | None = None,
    size: int = USUAL_SIZE,
) -> dict[str, Any]:
    """The arguments of the site's question; NotFound unless `actor` may browse the site."""
    require_browse(actor, site)
    return {"path": path, "details": details, "hidden": hidden, "after": after, "size": size}


def read(site: str, answer: Mapping[str, Any]) -> Folder:
    """The answer of the site as a folder; Unavailable for what is no such answer."""
    try:
        entries = [_entry(each) for each in answer["entries"]]
        next = answer["next"]
        return Folder(site, str(answer["path"]), entries, None if next is None else str(next))
    except (KeyError, TypeError, ValueError):
        raise Unavailable(
            f"The site {site} answered in a way that this hub does not know.", site=site
        ) from None


def _entry(told: Mapping[str, Any]) -> Entry:
    return Entry(
        name=str(told["name"]),
        path=str(told["path"]),
        type=str(told["type"]),
        size=_whole(told.get("size")),
        mtime=_number(told.get("mtime")),
        ctime=_number(told.get("ctime")),
        mode=_whole(told.get("mode")),
        owner=str(told.get("owner", "")),
        target=_text(told.get("target")),
        status=_text(told.get("status")),
        pinned=_text(told.get("pinned")),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
