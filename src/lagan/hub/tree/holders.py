"""Who may: the holders of a permission on an entity, by the one rule read downwards."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree.closure import holders, holding, marks_at, through
from lagan.hub.tree.models import Entity, Membership, Type
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import EVERYTHING, Intervals, ids_in
from lagan.hub.tree.spans import within
from lagan.hub.tree.verdicts import verdicts

FEW = 5_000
"""Holders that are gathered and sorted for a page. Of more, a page is read along the names of all
of the type: so many hold it that it soon is full."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An entity that holds the permission, and through which roles that were granted it."""

    id: int
    type: str
    name: str
    roles: tuple[int, ...]


def granted_roles(permission: Permission | str, path: str) -> set[int]:
    """The roles that were granted the permission on the object with this path, by a mark of their
    own at it or above that no nearer denial ends."""
    found = marks_at(ids_in(path), [permission]).get(str(permission), [])
    return {role for role, verdict in verdicts(found, path).items() if verdict.holds}


def who(
    permission: Permission | str,
    path: str,
    *,
    type: str = Type.USER,
    seen: Intervals = EVERYTHING,
    after: str | None = None,
    size: int = 50,
) -> Page[Holder]:
    """A page, by name, of the entities of a type in `seen` that hold the permission on the object
    with this path. What it costs goes with the roles that were granted it and their members, not
    with the tree. Asks no permission."""
    granted = granted_roles(permission, path)
    few = holders(granted, type, FEW + 1)
    rows = Entity.objects.filter(within(seen), type=type)
    if len(few) <= FEW:
        rows = rows.filter(id__in=RawSQL(_listed(), [json.dumps(few)]))  # noqa: S611 - our own text
    else:
        rows = rows.filter(_holding(granted))
    page = page_by_key(rows, keys=("name", "id"), after=after, size=size)
    roles = through([each.id for each in page.items], granted)
    items = [
        Holder(each.id, each.type, each.name, tuple(sorted(roles[each.id]))) for each in page.items
    ]
    return Page(items, page.next)


def _holding(granted: set[int]) -> Q:
    """A condition for the entities that hold one of these roles."""
    where = holding(granted)
    member = Membership.objects.filter(within(where, "group__path"), member=OuterRef("pk"))
    return within(where) | Q(id__in=granted) | Q(Exists(member))


def _listed() -> str:
    """The ids in one JSON text as rows."""
    if connection.vendor == "postgresql":
        return "SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb)"
    return "SELECT value FROM json_each(%s)"
