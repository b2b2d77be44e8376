"""Sets of paths as conditions of queries: a range of an index for each interval."""

from __future__ import annotations

import json

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from lagan.hub.tree.models import Entity
from lagan.hub.tree.rules import EVERYTHING, Intervals, beneath

MANY = 50
"""Intervals from which a list joins them as a table: an OR of each would outgrow what SQLite parses
(1,000 levels)."""


def within(intervals: Intervals, field: str = "path") -> Q:
    """A condition for the rows whose `field` holds a path in `intervals`: for any model,
    `entity__path` for example.

    The paths in `field` must be those of entities of the tree.
    """
    if not intervals:
        return Q(pk__in=[])
    if intervals == EVERYTHING:
        return Q()
    if len(intervals.items) > MANY:
        return Q(**{f"{field}__in": RawSQL(_joined(), [json.dumps(intervals.items)])})  # noqa: S611 - our own text
    condition = Q()
    for low, high in intervals.items:
        condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
    return condition


def is_everywhere(intervals: Intervals) -> bool:
    """Whether the intervals hold the whole tree."""
    if intervals == EVERYTHING:
        return True
    if len(intervals.items) != 1:
        return False
    root = Entity.objects.order_by("path").values_list("path", flat=True).first()
    low, high = beneath(root or "")
    return bool(root) and intervals.items[0][0] <= low and high <= intervals.items[0][1]


def _joined() -> str:
    """Paths of entities in the intervals given as one JSON text: a range of the index for each."""
    if connection.vendor == "postgresql":
        source, low, high = "jsonb_array_elements(%s::jsonb) AS i(v)", "i.v->>0", "i.v->>1"
    else:
        source, low, high = (
            "json_each(%s) AS i",
            "json_extract(i.value, '$[0]')",
            "json_extract(i.value, '$[1]')",
        )
    between = f"e.path >= {low} AND e.path < {high}"
    return f"SELECT e.path FROM {source} CROSS JOIN tree_entity e WHERE {between}"  # noqa: S608
