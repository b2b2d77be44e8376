"""The quotas of groups as Python calls: those that bind, give, take away, count again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lagan.kit.http import Http, segment

Row = dict[str, Any]


class Quotas:
    """Use `Hub.quotas`."""

    def __init__(self, http: Http, pages: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._pages = http, pages

    def all(self) -> Iterator[Row]:
        """The quotas of groups that we may see, in the order of the tree."""
        return self._pages("api/quotas/", {})

    def of(self, group: str) -> Row:
        """A group's own quota."""
        return dict(self._json("GET", f"{segment(group)}/"))

    def above(self, entity: str) -> list[Row]:
        """Every quota that binds an entity."""
        return list(self._json("GET", f"{segment(entity)}/above/"))

    def give(self, group: str, **bounds: Any) -> Row:
        """Give a group a quota: `bytes`, `files`, `levels`."""
        return dict(self._json("PUT", f"{segment(group)}/", bounds))

    def take_away(self, group: str) -> None:
        """Take a group's quota away."""
        with self._http.request("DELETE", f"api/quotas/{segment(group)}/", repeat=False):
            pass

    def recount(self, group: str) -> Row:
        """Have a group's use counted again; by how much it was off."""
        return dict(self._json("POST", f"{segment(group)}/recount/"))

    def _json(self, method: str, path: str, given: Row | None = None) -> Any:
        with self._http.request(method, f"api/quotas/{path}", json=given, repeat=True) as answer:
            return answer.json()
