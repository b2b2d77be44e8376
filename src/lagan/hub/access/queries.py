"""Previews of files, for those who may read them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from lagan.hub.access.previews.blocks import Block, Drawn
from lagan.hub.access.previews.desk import Desk
from lagan.hub.access.previews.keeping import Kept, key_of
from lagan.hub.access.previews.naming import IMAGE, by_name, media_type
from lagan.hub.access.previews.request import THUMB, WHOLE, Asked
from lagan.hub.access.previews.running import draw
from lagan.hub.archive import queries as archive
from lagan.hub.archive.queries import Location
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets

__all__ = ["THUMB", "WHOLE", "Block", "Drawn", "Preview", "has_thumb", "media_type", "preview"]
__all__ += ["by_name"]

SMALL = 128 << 20
"""Bytes of an image of which a folder's page shows a small picture."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview on its way: its key, which changes with what it shows, and its future. The future
    never fails for what is in the file: then it has a note that says why there is nothing."""

    key: str
    future: Future[Drawn]


def preview(
    actor: Actor,
    dataset: int,
    path: str,
    *,
    version: int | None = None,
    page: int = 0,
    view: str = WHOLE,
) -> Preview:
    """What is in a file of a dataset, drawn or being drawn. NotFound, Forbidden; Unavailable when
    too many previews wait."""
    entry = datasets.entry(actor, dataset, path, version)
    asked = Asked(path.rpartition("/")[2], entry.size, page, view)
    key = key_of(asked, sha256=entry.sha256, stored=entry.stored)
    kept = _kept()
    known = kept.get(key)
    if known is not None:
        done: Future[Drawn] = Future()
        done.set_result(known)
        return Preview(key, done)
    # Asked here, where the database may be: the desk's threads have no connection.
    locations = archive.locations([entry.stored]).get(entry.stored, [])
    return Preview(key, _desk().ask(key, lambda: _draw_and_keep(kept, key, asked, locations)))


def has_thumb(name: str, size: int | None) -> bool:
    """Whether a small picture of a file is worth drawing: an image of moderate size."""
    return size is not None and 0 < size <= SMALL and by_name(name) == IMAGE


def _draw_and_keep(kept: Kept, key: str, asked: Asked, locations: list[Location]) -> Drawn:
    drawn, lasting = draw(asked, locations)
    if lasting:
        kept.put(key, drawn)
    return drawn


@cache
def _desk() -> Desk:
    return Desk()


def _kept() -> Kept:
    return Kept(settings.CONFIG.data / "previews")
