"""Searches over REST: a page, facets, saved searches; the same parameters as the page's address."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query as Asked
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.datasets.api import DatasetOut
from lagan.hub.datasets.search import facets as counting
from lagan.hub.datasets.search import queries, services
from lagan.hub.datasets.search.asking import Query, from_document, query
from lagan.hub.datasets.search.conditions import Comparator, Filter, usual_filter
from lagan.hub.datasets.search.keys import SYSTEM

router = Router(tags=["search"])
_WHERE = "Conditions as `.Sample = quartz`, `system.dataset.size > 100M`, `.Taken >= time:2020-01`."


class SearchIn(Schema):
    """A search. `where` holds conditions, of which `match` asks for all or any; `text`, words;
    `saved`, the id or name of a saved search in place of all of these."""

    where: Annotated[list[str], Field(description=_WHERE)] = []
    match: str = "all"
    removed: bool = False
    text: str = ""
    order: str = "newest"
    size: int = 50
    saved: str | None = None
    after: str | None = None

    def query(self, request: HttpRequest) -> Query:
        """As a value. BadSearch, NotFound."""
        if self.saved is not None:
            kept = queries.saved_search(asker(request), self.saved).query
            return replace(kept, size=query([], size=self.size).size)
        given = self.dict(exclude={"saved", "after"})
        return from_document(given)


class FacetsIn(SearchIn):
    """A search, and the open keys whose values are counted besides."""

    keys: list[str] = []


class ResultsOut(Schema):
    """A page. `searched_to`: the search stopped there for the time being, and `next` goes on."""

    results: list[DatasetOut]
    next: str | None
    searched_to: datetime | str | int | None


class ValueOut(Schema):
    """A value, of how many datasets, and the conditions that leave those."""

    words: str
    count: int
    where: list[str]


class FacetOut(Schema):
    """A key and its most frequent values."""

    key: str
    values: list[ValueOut]


class FacetsOut(Schema):
    """What was counted: the newest `counted`; unless `complete`, there are more."""

    counted: int
    complete: bool
    facets: list[FacetOut]


class KeyOut(Schema):
    """A key of the system and the filter that its values take."""

    key: str
    filter: str
    choices: list[str]


class KeysOut(Schema):
    """What conditions are made of."""

    system: list[KeyOut]
    comparators: list[str]
    filters: list[str]


class SavedIn(Schema):
    """A search to keep: its name, the id of the group that shares it, and what it asks."""

    name: str
    group: int | None = None
    search: SearchIn


class SavedChange(Schema):
    """Another name; the group that shares it, null for nobody."""

    name: str | None = None
    group: int | None = None


class SavedOut(Schema):
    """A saved search; `parameters` are those of an address."""

    id: int
    name: str
    owner: str
    mine: bool
    group: str | None
    parameters: str


@router.get("/", response=ResultsOut)
def search(request: HttpRequest, given: Asked[SearchIn]) -> Any:
    """A page of the datasets that you may read and the search finds."""
    return _page(request, given)


@router.post("/", response=ResultsOut)
def search_long(request: HttpRequest, given: SearchIn) -> Any:
    """The same with a JSON body."""
    return _page(request, given)


def _page(request: HttpRequest, given: SearchIn) -> dict[str, Any]:
    found = queries.search(asker(request), given.query(request), after=given.after or None)
    return {"results": found.rows, "next": found.next, "searched_to": found.searched_to}


@router.get("/facets/", response=FacetsOut)
def facets(request: HttpRequest, given: Asked[FacetsIn]) -> Any:
    """What the search finds, counted by value, up to a thousand datasets."""
    return counting.facets(asker(request), given.query(request), given.keys)


@router.get("/keys/", response=KeysOut)
def keys(request: HttpRequest) -> Any:
    """The keys of the system, the comparators, the filters."""
    known = [
        {"key": key, "filter": usual_filter(key), "choices": each.choices}
        for key, each in SYSTEM.items()
    ]
    return {"system": known, "comparators": list(Comparator), "filters": list(Filter)}


@router.get("/saved/", response=list[SavedOut])
def saved(request: HttpRequest) -> Any:
    """Your saved searches, then those that your groups share."""
    return queries.saved(asker(request))


@router.post("/saved/", response={201: SavedOut})
def save(request: HttpRequest, body: SavedIn) -> Status[Any]:
    """Keep a search."""
    made = services.save_search(
        by=asker(request), name=body.name, query=body.search.query(request), group=body.group
    )
    return Status(201, queries.saved_search(asker(request), str(made.name)))


@router.patch("/saved/{int:id}/", response=SavedOut)
def change(request: HttpRequest, id: int, body: SavedChange) -> Any:
    """Rename it, or share it with another group or nobody."""
    kept = services.change_search(by=asker(request), search=id, name=body.name, group=body.group)
    return queries.saved_search(asker(request), kept.name)


@router.delete("/saved/{int:id}/", response={204: None})
def forget(request: HttpRequest, id: int) -> Status[None]:
    """Forget it."""
    services.forget_search(by=asker(request), search=id)
    return Status(204, None)
