"""What is found, counted by value: by state, type, group, owner, computer, year and chosen keys.

Counted are the newest datasets that are found, up to a bound; nothing is ever counted whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import Dataset
from lagan.hub.datasets.search.asking import Order, Query
from lagan.hub.datasets.search.conditions import condition
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.finding import find
from lagan.hub.datasets.search.sifting import scope_of
from lagan.hub.datasets.search.statements import rows
from lagan.hub.tree import queries as tree

MOST_COUNTED = 1000
"""Datasets."""
MOST_VALUES = 10
"""Values of a facet, the most frequent."""
MOST_KEYS = 5
_LONGEST = 200
"""Characters of a value that is counted; what is longer is a text, not a choice."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and of how many datasets; `where`, the conditions that leave those."""

    words: str
    count: int
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """A key and its most frequent values."""

    key: str
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Facets:
    """`counted` datasets; when it is not `complete` there are more, and every count is a least
    one."""

    counted: int
    complete: bool
    facets: list[Facet]


def facets(actor: Actor, query: Query, keys: Sequence[str] = ()) -> Facets:
    """The facets of what the query finds for `actor`; `keys` are open ones. BadSearch."""
    if len(keys) > MOST_KEYS:
        raise BadSearch(f"At most {MOST_KEYS} keys are counted at once.", field="keys")
    for each in keys:
        if not each.startswith("."):
            raise BadSearch(f"{each[:60]!r} is no open key.", field="keys")
        condition(each, "has", "")
    found = find(actor, replace(query, order=Order.NEWEST, size=MOST_COUNTED))
    given = Dataset.objects.filter(pk__in=found.ids).values_list(
        "state", "type", "entity__parent_id", "owner_id", "computer_id", "created_at"
    )
    made = _of_system(list(given)) + _of_keys(actor, keys, found.ids)
    return Facets(len(found.ids), found.next is None, [each for each in made if each.values])


def _of_system(given: Sequence[tuple[Any, ...]]) -> list[Facet]:
    states, types, groups, owners, computers, made = zip(*given, strict=True) if given else [()] * 6
    names = {each.id: each.name for each in tree.rows({*owners, *computers} - {None}).values()}
    paths = tree.full_path(set(groups))
    return [
        _facet("status", Counter(states)),
        _facet("type", Counter(types)),
        _facet("group", Counter(paths[each] for each in groups)),
        _facet("owner", Counter(names[each] for each in owners)),
        _facet("computer", Counter(names[each] for each in computers if each is not None)),
        _years(made),
    ]


def _facet(name: str, counts: Counter[str]) -> Facet:
    key = f"system.dataset.{name}"
    return Facet(key, _values(key, counts))


def _values(key: str, counts: Counter[str]) -> list[Value]:
    return [
        Value(value, count, (condition(key, "=", value).written,))
        for value, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[
            :MOST_VALUES
        ]
    ]


def _years(moments: Sequence[datetime]) -> Facet:
    key = "system.dataset.time.created"
    counts = Counter(each.year for each in moments)
    values = [
        Value(str(year), counts[year], (f"{key} >= {year:04}", f"{key} < {year + 1:04}"))
        for year in sorted(counts, reverse=True)[:MOST_VALUES]
    ]
    return Facet(key, values)


def _of_keys(actor: Actor, keys: Sequence[str], ids: Sequence[int]) -> list[Facet]:
    if not keys or not ids:
        return []
    # Asking for a key's values tells of metadata, whatever was searched for.
    scope = scope_of(actor, Query((condition(keys[0], "has", ""),)))
    paths = {each.id: each.path for each in tree.rows(ids).values()}
    open_ = [each for each in ids if each in paths and paths[each] in scope]
    if not open_:
        return []
    marks, places = (", ".join(["%s"] * len(some)) for some in (open_, keys))
    found = rows(
        f"SELECT DISTINCT entity_id, key, text FROM tree_metadata WHERE entity_id IN ({marks})"  # noqa: S608
        f" AND key IN ({places})",
        [*open_, *keys],
    )
    return [
        Facet(
            key,
            _values(key, Counter(t for _, k, t in found if k == key and len(t) <= _LONGEST)),
        )
        for key in keys
    ]
