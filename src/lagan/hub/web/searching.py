"""A search in words and addresses for the datasets page: chips, choices, counts; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lagan.hub.datasets.search.asking import Order, Query, asked
from lagan.hub.datasets.search.conditions import Comparator, Condition, Filter
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.facets import Facets
from lagan.hub.datasets.search.keys import PREFIX, SYSTEM
from lagan.hub.tree.metadata.presets import presets
from lagan.hub.web import shown

PAGE = "/datasets/"
SIZES = (20, 50, 100, 200)

KEY_WORDS = {
    "id": _("Id"),
    "name": _("Name"),
    "status": _("State"),
    "type": _("Type"),
    "size": _("Size in bytes"),
    "files": _("Number of files"),
    "time.created": _("Created"),
    "time.closed": _("Closed"),
    "time.expired": _("Expires"),
    "time.removed": _("Removed"),
    "creator": _("Creator"),
    "owner": _("Owner"),
    "computer": _("Computer"),
    "group": _("Group"),
    "within": _("Beneath the group"),
}
FACET_WORDS = {**KEY_WORDS, "time.created": _("Year")}
ORDER_WORDS = {
    Order.NEWEST: _("Newest first"),
    Order.OLDEST: _("Oldest first"),
    Order.NAME: _("By name"),
    Order.LARGEST: _("Largest first"),
    Order.SMALLEST: _("Smallest first"),
}
FILTER_WORDS = {
    "": _("Usual for the key"),
    Filter.AS_IS: _("As is"),
    Filter.TIME: _("Date and time"),
    Filter.SIZE: _("Size in bytes"),
}
COMPARATOR_WORDS = {
    Comparator.HAS: pgettext_lazy("comparator", "is there"),
    Comparator.LACKS: pgettext_lazy("comparator", "is not there"),
    Comparator.LIKE: pgettext_lazy("comparator", "is like"),
    Comparator.UNLIKE: pgettext_lazy("comparator", "is not like"),
}


def address(query: Query, **more: str | None) -> str:
    """Where the page shows this search."""
    given = query.parameters + [(name, value) for name, value in more.items() if value]
    return f"{PAGE}?{urlencode(given)}" if given else PAGE


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition in words, and the address without it."""

    key: str | Promise
    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a drop-down or of suggestions."""

    value: str
    words: str | Promise
    chosen: bool = False


def page(query: Query) -> dict[str, Any]:
    """What the form and the chips show."""
    return {
        "chips": [chip(query, each) for each in query.conditions],
        "hidden": [each.written for each in query.conditions],
        "orders": [Option(str(o), w, o is query.order) for o, w in ORDER_WORDS.items()],
        "sizes": [Option(str(n), str(n), n == query.size) for n in sorted({*SIZES, query.size})],
        "filters": [Option(str(f), w) for f, w in FILTER_WORDS.items()],
        "comparators": [Option(str(c), COMPARATOR_WORDS.get(c, str(c))) for c in Comparator],
        "presets": _presets(),
        "parameters": urlencode(query.parameters),
        "facets_address": f"{PAGE}facets/?{urlencode(query.parameters)}",
        "facets_here": address(query, facets="1"),
        "any_address": address(replace(query, any=not query.any)),
    }


def _presets() -> list[Option]:
    system = [Option(PREFIX + name, words) for name, words in KEY_WORDS.items()]
    return [Option(each.key, each.words) for each in presets("DATASET")] + system


def chip(query: Query, given: Condition) -> Chip:
    """`Size in bytes > 100M`, and the search without it."""
    left = replace(query, conditions=tuple(each for each in query.conditions if each != given))
    name = given.key.removeprefix(PREFIX)
    key = KEY_WORDS.get(name, given.key) if given.key in SYSTEM else given.key
    comparator = COMPARATOR_WORDS.get(given.comparator, str(given.comparator))
    return Chip(key, f"{comparator} {given.value}".strip(), address(left))


@dataclass(frozen=True, slots=True)
class Counted:
    """A value, its count, and where the search narrowed to it is shown; no address where that
    would widen it."""

    words: str | Promise
    count: str
    address: str | None


def counts(query: Query, found: Facets, keys: list[str]) -> dict[str, Any]:
    """The facets in words."""
    more = "" if found.complete else "+"
    return {
        "total": f"{shown.number(found.counted)}{more}",
        "complete": found.complete,
        "facets": [
            (
                _facet_words(each.key),
                [
                    Counted(
                        _value_words(each.key, value.words),
                        f"{shown.number(value.count)}{more}",
                        _narrowed(query, value.where),
                    )
                    for value in each.values
                ],
            )
            for each in found.facets
        ],
        "keys": keys,
        "hidden": query.parameters,
        "presets": [Option(each.key, each.words) for each in presets("DATASET")],
    }


def _facet_words(key: str) -> str | Promise:
    return FACET_WORDS.get(key.removeprefix(PREFIX), key) if key in SYSTEM else key


def _value_words(key: str, value: str) -> str | Promise:
    if key == f"{PREFIX}status":
        return shown.look(value).words
    if key == f"{PREFIX}group":
        return " / ".join(value.strip("/").split("/")[1:]) or value
    return value


def _narrowed(query: Query, where: tuple[str, ...]) -> str | None:
    if query.any and query.conditions:
        return None
    try:
        return address(asked([*query.parameters, *(("where", each) for each in where)]))
    except BadSearch:
        return None
