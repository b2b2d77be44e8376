"""Entities found by id, by their exact name or with wildcards, only those that the asker sees.

Source: seeds/dataset-archive.txt, how to search for an entity; a wildcard may stand anywhere here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree import browsing, queries
from lagan.hub.tree.browsing import ORDER, Node, Sight
from lagan.hub.tree.models import Entity
from lagan.hub.tree.rules import EVERYTHING, Intervals, folded

LONGEST = 500
"""Characters of what is searched for; no name is longer."""
_LAST = "\U0010ffff"
"""Sorts behind every character that a name has."""


class _Like(Func):
    """A folded name compared with a pattern whose wildcards are the database's."""

    template = "(%(expressions)s ESCAPE '\\')"
    arg_joiner = " LIKE "
    output_field = BooleanField()


def find(
    actor: Actor,
    text: str,
    *,
    types: Collection[str] = ORDER,
    after: str | None = None,
    size: int = 50,
    seen: Sight | None = None,
) -> Page[Node]:
    """A page, by name, of what the actor sees and `text` means: a number is an id (the entity comes
    first, before those so named), text without `*` is the exact name, with `*` it is a pattern that
    does not mind the case."""
    clean = text.strip()[:LONGEST].replace("\x00", "\ufffd")
    seen = seen or browsing.sight(actor)
    wanted = [kind for kind in ORDER if kind in types]
    if not clean or not wanted:
        return Page([], None)
    rows = Entity.objects.filter(_seen(seen, wanted)).filter(_meant(clean))
    number = int(clean) if clean.isascii() and clean.isdigit() and len(clean) < 19 else None
    page = page_by_key(_without(rows, number), keys=("folded", "id"), after=after, size=size)
    first = [] if after or number is None else _numbered(number, seen, wanted)
    return Page(browsing.nodes([*first, *page.items], seen), page.next)


def _meant(text: str) -> Q:
    """The names that `text` means, as a range of the index first."""
    low = folded(text)
    if "*" not in low:
        return Q(folded=low, name=text)
    head, _, rest = low.partition("*")
    condition = Q(folded__gte=head, folded__lt=head + _LAST) if head else Q()
    return (
        condition if not rest.strip("*") else condition & Q(_Like(F("folded"), Value(_like(low))))
    )


def _like(pattern: str) -> str:
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, f"\\{special}")
    return pattern.replace("*", "%")


def _seen(seen: Sight, types: Collection[str]) -> Q:
    """Entities of these types where they are seen; types seen alike share one condition."""
    alike: dict[Intervals, list[str]] = defaultdict(list)
    for kind in types:
        alike[seen.of[kind]].append(kind)
    condition = Q(pk__in=[])
    for intervals, kinds in alike.items():
        if intervals == EVERYTHING and len(kinds) == len(ORDER):
            return Q()
        if intervals:
            condition |= Q(type__in=kinds) & queries.within(intervals)
    return condition


def _without(rows: QuerySet[Entity], number: int | None) -> QuerySet[Entity]:
    return rows if number is None else rows.exclude(id=number)


def _numbered(number: int, seen: Sight, types: Collection[str]) -> list[Entity]:
    """The entity of this id, when it is seen."""
    rows = Entity.objects.filter(id=number, type__in=types)
    return [row for row in rows if seen.has(row.type, row.path)]
