"""A whole search and its one form: as parameters of an address, which pages, API and command
share; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lagan.hub.datasets.search import words
from lagan.hub.datasets.search.conditions import Condition, read
from lagan.hub.datasets.search.errors import BadSearch

MOST_CONDITIONS = 20
LONGEST_TEXT = 500
"""Characters."""
LARGEST_PAGE = 1000
USUAL_PAGE = 50
NAMES = ("where", "match", "removed", "text", "order", "size")
"""The parameters of a search."""


class Order(StrEnum):
    """In which order datasets come: by when they were made, by name, by their bytes."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "largest"
    SMALLEST = "smallest"


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. `any` lets one condition be enough; the words of `text` must all be
    there in either case. `removed` brings in removed datasets."""

    conditions: tuple[Condition, ...] = ()
    any: bool = False
    removed: bool = False
    text: str = ""
    order: Order = Order.NEWEST
    size: int = USUAL_PAGE

    @property
    def is_empty(self) -> bool:
        """Whether it asks for all datasets."""
        return not self.conditions and not self.text.strip()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """As `asked` reads it, without what is usual."""
        given = [("where", each.written) for each in self.conditions]
        if self.any:
            given.append(("match", "any"))
        if self.removed:
            given.append(("removed", "1"))
        if self.text.strip():
            given.append(("text", self.text.strip()))
        if self.order is not Order.NEWEST:
            given.append(("order", str(self.order)))
        if self.size != USUAL_PAGE:
            given.append(("size", str(self.size)))
        return given


def asked(parameters: Iterable[tuple[str, str]]) -> Query:
    """The search that these parameters ask for; others than NAMES are left alone. BadSearch."""
    given: dict[str, list[str]] = {name: [] for name in NAMES}
    for name, value in parameters:
        if name in given:
            given[name].append(value)
    where = [each for each in given["where"] if each.strip()]
    last = {name: values[-1] for name, values in given.items() if values}
    return query(where, **{name: value for name, value in last.items() if name != "where"})


def query(
    where: Sequence[str],
    *,
    match: str = "all",
    removed: str | bool = False,
    text: str = "",
    order: str = "",
    size: str | int = USUAL_PAGE,
) -> Query:
    """The search of these written conditions and settings. BadSearch names what is wrong."""
    if len(where) > MOST_CONDITIONS:
        raise BadSearch(
            f"A search has at most {MOST_CONDITIONS} conditions, not {len(where)}.", field="where"
        )
    if match not in ("all", "any", ""):
        raise BadSearch(f"match is all or any, not {match[:20]!r}.", field="match")
    if (order or Order.NEWEST) not in list(Order):
        raise BadSearch(f"An order is one of {', '.join(Order)}.", field="order")
    return Query(
        tuple(dict.fromkeys(read(each) for each in where)),
        match == "any",
        _yes(removed),
        _text(text),
        Order(order or Order.NEWEST),
        _size(size),
    )


def from_document(given: Mapping[str, Any]) -> Query:
    """The search of a JSON object with the members NAMES, `where` being a list. BadSearch."""
    where = given.get("where", [])
    if not isinstance(where, list) or not all(isinstance(each, str) for each in where):
        raise BadSearch("where is a list of conditions, each a text.", field="where")
    others = {name: given[name] for name in NAMES if name in given and name != "where"}
    for name in ("match", "text", "order"):
        if not isinstance(others.get(name, ""), str):
            raise BadSearch(f"{name} is a text.", field=name)
    return query(where, **others)


def _yes(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("1", "true", "on", "yes"):
        return True
    if value in ("", "0", "false", "no"):
        return False
    raise BadSearch("removed is 1 or 0.", field="removed")


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadSearch(f"A text has at most {LONGEST_TEXT} characters.", field="text")
    if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise BadSearch("The text holds what no text has.", field="text")
    words.sought(text)
    return text.strip()


def _size(size: Any) -> int:
    text = str(size).strip()
    if isinstance(size, bool) or not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise BadSearch(f"A page has 1 to {LARGEST_PAGE} datasets.", field="size")
    if not 1 <= int(text) <= LARGEST_PAGE:
        raise BadSearch(f"A page has 1 to {LARGEST_PAGE} datasets, not {text}.", field="size")
    return int(text)
