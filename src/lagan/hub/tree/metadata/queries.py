"""Metadata as the asker may read it: what is saved, how it came to be, which keys to use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree import queries
from lagan.hub.tree.metadata.presets import Preset, presets
from lagan.hub.tree.metadata.values import is_open
from lagan.hub.tree.models import Entity, MetadataChange
from lagan.hub.tree.permissions import permission_to
from lagan.hub.tree.services.sight import existing, require
from lagan.hub.tree.templates.effective import at_path


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One key's values before and after an act; `by` is the name of who did it."""

    at: datetime
    by: str
    key: str
    before: list[str]
    after: list[str]


def readable(actor: Actor, entity: int) -> Entity:
    """The entity, when the actor holds `<type>_METADATA_READ` on it; Forbidden or NotFound."""
    kind = existing(entity).type
    return require(actor=actor, permission=permission_to("METADATA_READ", kind), entity=entity)


def metadata(actor: Actor, entity: int) -> dict[str, list[str]]:
    """What is saved at the open keys; needs `<type>_METADATA_READ`. The system sees all keys."""
    readable(actor, entity)
    found = queries.metadata(entity)
    return {key: each for key, each in found.items() if is_open(key) or actor.is_system}


def history(
    actor: Actor, entity: int, *, key: str = "", after: str | None = None, size: int = 50
) -> Page[ChangeRow]:
    """Every change, newest first, of all open keys or of `key`; needs `<type>_METADATA_READ`."""
    readable(actor, entity)
    rows = MetadataChange.objects.filter(entity=entity).select_related("by")
    if not actor.is_system:
        rows = rows.filter(key__startswith=".")
    if key:
        rows = rows.filter(key=key.replace("\x00", ""))
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([_change(each) for each in page.items], page.next)


def presets_at(parent: int, type: str) -> list[Preset]:
    """Keys to choose from for an entity of `type` in the group `parent` (or in its own group):
    those of the templates in effect, then the ones that everybody knows. Asks no permission."""
    path = queries.path_of_entity(parent)
    fields = at_path(path, type).of_people() if path else {}
    own = [Preset(key, field.comment) for key, field in fields.items()]
    return own + [each for each in presets(type) if each.key not in fields]


def _change(row: MetadataChange) -> ChangeRow:
    by = row.by.name if row.by else "system"
    return ChangeRow(row.at, by, row.key, list(row.before), list(row.after))
