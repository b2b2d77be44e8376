"""What others ask of the search: pages, facets, saved searches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from django.db.models import Q

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.models import Dataset, SavedSearch
from lagan.hub.datasets.search.asking import Order, Query, asked
from lagan.hub.datasets.search.finding import find
from lagan.hub.tree import queries as tree
from lagan.kit.errors import NotFound

MOST_SAVED = 200
"""Saved searches that are listed."""


@dataclass(frozen=True, slots=True)
class Results:
    """A page of datasets and the cursor of the next. `searched_to` is where the search stopped for
    the time being: the creation, name or bytes, by the order, of the last dataset looked at; None
    when the page is full or the end was reached."""

    rows: list[datasets.DatasetRow]
    next: str | None
    searched_to: datetime | str | int | None


def search(actor: Actor, query: Query, *, after: str | None = None) -> Results:
    """A page of the datasets that `actor` may read and the query finds. BadSearch."""
    found = find(actor, query, after=after)
    to = _standing(query.order, found.stopped) if found.stopped is not None else None
    return Results(datasets.with_ids(found.ids), found.next, to)


def _standing(order: Order, dataset: int) -> datetime | str | int | None:
    row = Dataset.objects.select_related("entity").filter(pk=dataset).first()
    if row is None:
        return None
    match order:
        case Order.NAME:
            return None  # the name of a dataset that the asker may not be allowed to see
        case Order.LARGEST | Order.SMALLEST:
            return row.bytes
    return row.created_at


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A saved search; `group` is the path of the group that shares it."""

    id: int
    name: str
    owner: str
    mine: bool
    group: str | None
    group_id: int | None
    parameters: str

    @property
    def query(self) -> Query:
        """What it asks."""
        return asked(parse_qsl(self.parameters, keep_blank_values=True))


def saved(actor: Actor) -> list[SavedRow]:
    """The searches that the actor saved, then those that its groups share, by name."""
    if actor.entity is None:
        return []
    mine = Q(owner=actor.entity)
    rows = SavedSearch.objects.filter(mine | Q(group__in=tree.roles(actor.entity)))
    found = _saved_rows(actor, list(rows.select_related("owner").order_by("name", "id")))
    return sorted(found, key=lambda each: not each.mine)[:MOST_SAVED]


def saved_search(actor: Actor, named: str) -> SavedRow:
    """The saved search with this id or name, an own one before a shared one. NotFound."""
    rows = saved(actor)
    found = next((each for each in rows if each.name == named), None)
    found = found or next((each for each in rows if str(each.id) == named), None)
    if found is None:
        raise NotFound(f"There is no saved search {named[:100]!r}.", saved=named[:100])
    return found


def _saved_rows(actor: Actor, rows: list[SavedSearch]) -> list[SavedRow]:
    paths = tree.full_path({each.group_id for each in rows if each.group_id is not None})
    return [
        SavedRow(
            each.pk,
            each.name,
            each.owner.name,
            each.owner_id == actor.entity,
            paths.get(each.group_id) if each.group_id is not None else None,
            each.group_id,
            each.query,
        )
        for each in rows
    ]


def sharing_groups(actor: Actor) -> dict[int, str]:
    """The groups that the actor may share a search with, by id: those that it is a member of,
    directly or through others, but not those that merely hold every user."""
    if actor.entity is None:
        return {}
    path = tree.path_of_entity(actor.entity)
    home = set(tree.ancestry(path)) if path else set()
    rows = tree.rows(tree.roles(actor.entity) - home).values()
    paths = tree.full_path([each.id for each in rows if each.type == "GROUP"])
    return dict(sorted(paths.items(), key=lambda each: each[1]))
