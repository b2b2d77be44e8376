"""A journal of its own on every volume for what must be noticed when the database is rewritten."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.hub.archive.models import READABLE, Volume, VolumeState
from lagan.hub.archive.services.volumes import open_store
from lagan.kit.errors import LaganError
from lagan.store import Damage, Journal, NoteLine
from lagan.store.layout import ANCHORS


def anchor_everywhere(*, note: NoteLine) -> list[str]:
    """Add a note to the anchors of all volumes that are written; the names of those that took
    it."""
    taken = []
    for row in Volume.objects.filter(state=VolumeState.ONLINE):
        try:
            Journal(open_store(row), ANCHORS).append([note])
        except LaganError:
            continue
        taken.append(row.name)
    return taken


def anchors() -> Iterator[tuple[str, NoteLine | Damage | None]]:
    """The anchors of every volume that can be read, with its name; None for one that cannot."""
    for row in Volume.objects.filter(state__in=READABLE):
        try:
            for line in Journal(open_store(row), ANCHORS).entries():
                if isinstance(line, NoteLine | Damage):
                    yield row.name, line
        except LaganError:
            yield row.name, None
