"""The entity tree as Python calls: list, find, show, make, rename, move, remove; an entity is named
by its id or by the names down to it, as `/NTNU/NV/IFY`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lagan.kit.http import Http

Row = dict[str, Any]
"""An entity: `id`, `type`, `name`, `parent`, `path`, `created`, `seen`."""


class Entities:
    """The tree of one hub."""

    def __init__(self, http: Http, pages: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._pages = http, pages

    def show(self, entity: str) -> Row:
        """One entity with its counts. NotFound."""
        return self._json("GET", f"api/entities/{self.id_of(entity)}/")

    def children(self, entity: str = "/", types: Sequence[str] = ()) -> Iterator[Row]:
        """What lies in it, page by page, by type and name."""
        path = f"api/entities/{self.id_of(entity)}/children/"
        return self._pages(path, {"type": list(types)} if types else {})

    def find(self, text: str, types: Sequence[str] = ()) -> Iterator[Row]:
        """The entity of this id, those of this exact name or, with `*`, those that fit."""
        query: Row = {"find": text, **({"type": list(types)} if types else {})}
        return self._pages("api/entities/", query)

    def create(
        self, type: str, name: str, parent: str, metadata: Mapping[str, Sequence[str]] | None = None
    ) -> Row:
        """A new entity in `parent`. Refused with all that its metadata lacks at once."""
        given = {"type": type, "name": name, "parent": self.id_of(parent), "metadata": metadata}
        return self._json("POST", "api/entities/", given)

    def rename(self, entity: str, name: str) -> Row:
        """Give it another name."""
        return self._json("PATCH", f"api/entities/{self.id_of(entity)}/", {"name": name})

    def move(self, entity: str, parent: str) -> Row:
        """Put it, with what is beneath it, into `parent`."""
        given = {"parent": self.id_of(parent)}
        return self._json("PATCH", f"api/entities/{self.id_of(entity)}/", given)

    def moving(self, entity: str, parent: str) -> Row:
        """What that would change in inherited permissions."""
        path = f"api/entities/{self.id_of(entity)}/moving/"
        return self._json("GET", path, query={"parent": parent})

    def remove(self, entity: str) -> None:
        """Remove it, as its type is removed."""
        with self._http.request("DELETE", f"api/entities/{self.id_of(entity)}/"):
            pass

    def id_of(self, entity: str) -> int:
        """The id of an entity that is named by it, by its path, or, a user, by the name."""
        if entity.strip().isdigit():
            return int(entity)
        return int(self._json("GET", "api/entities/at/", query={"path": entity})["id"])

    def _json(self, method: str, path: str, given: Any = None, query: Row | None = None) -> Row:
        repeat = method == "GET"
        with self._http.request(method, path, json=given, query=query, repeat=repeat) as answer:
            return dict(answer.json())
