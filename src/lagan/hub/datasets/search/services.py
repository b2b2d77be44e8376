"""The verbs of saved searches: save, change, share, forget."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import SavedSearch
from lagan.hub.datasets.search.asking import Query
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.queries import MOST_SAVED, sharing_groups
from lagan.kit.errors import Conflict, Forbidden, NotFound

LONGEST_NAME = 100


@transaction.atomic
def save_search(*, by: Actor, name: str, query: Query, group: int | None = None) -> SavedSearch:
    """Keep a search under a name, shared with `group` if one is given. Conflict when the actor has
    one of that name."""
    if by.entity is None:
        raise Forbidden("Only people save searches.")
    if SavedSearch.objects.filter(owner=by.entity).count() >= MOST_SAVED:
        raise Conflict(f"Nobody keeps more than {MOST_SAVED} searches.")
    row = SavedSearch(
        owner_id=by.entity,
        name=_name(name),
        group_id=_group(by, group),
        query=urlencode(query.parameters),
        changed_at=timezone.now(),
    )
    _store(row)
    data = {"search": row.pk, "name": row.name, "group": group}
    audit.record(kind=Kind.SEARCH_SAVED, by=by, subject=by.entity, data=data)
    return row


@transaction.atomic
def change_search(
    *, by: Actor, search: int, name: str | None = None, group: int | None = None
) -> SavedSearch:
    """Give one's own search a name (the present one if None) and the group that shares it (nobody
    if None)."""
    row = _own(by, search)
    row.name = row.name if name is None else _name(name)
    row.group_id = row.group_id if group == row.group_id else _group(by, group)
    row.changed_at = timezone.now()
    _store(row)
    data = {"search": row.pk, "name": row.name, "group": group}
    audit.record(kind=Kind.SEARCH_CHANGED, by=by, subject=by.entity, data=data)
    return row


@transaction.atomic
def forget_search(*, by: Actor, search: int) -> None:
    """Remove one's own saved search."""
    row = _own(by, search)
    data = {"search": row.pk, "name": row.name}
    row.delete()
    audit.record(kind=Kind.SEARCH_FORGOTTEN, by=by, subject=by.entity, data=data)


def _own(by: Actor, search: int) -> SavedSearch:
    row = None
    if by.entity is not None and abs(search) < 2**63:
        rows = SavedSearch.objects.select_for_update(of=("self",))
        row = rows.filter(pk=search, owner=by.entity).first()
    if row is None:
        raise NotFound(f"You have no saved search {search}.", search=search)
    return row


def _name(name: str) -> str:
    clean = name.strip()
    if not clean or len(clean) > LONGEST_NAME or not clean.isprintable():
        raise BadSearch(f"A name has 1 to {LONGEST_NAME} characters.", field="name")
    return clean


def _group(by: Actor, group: int | None) -> int | None:
    if group is not None and group not in sharing_groups(by):
        raise Forbidden("A search is shared with a group of which you are a member.", group=group)
    return group


def _store(row: SavedSearch) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(f"You have a search named {row.name} already.", name=row.name) from None
