"""Sites as Python calls: which there are, their keys and their workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lagan.kit.errors import NotFound
from lagan.kit.http import Http, segment

Row = dict[str, Any]


class Sites:
    """The sites of one hub."""

    def __init__(self, http: Http, numbered: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._numbered = http, numbered

    def all(self) -> Iterator[Row]:
        """Every site that we may see."""
        return self._numbered("api/sites/", {})

    def named(self, name: str) -> Row:
        """The site of that name, with all that is told of it. NotFound."""
        for row in self.all():
            if row["name"] == name:
                return dict(self._json("GET", f"api/sites/{row['id']}/"))
        raise NotFound(f"There is no site {name!r}.", site=name)

    def add(self, name: str, **facts: Any) -> Row:
        """A new site: `title`, `limit`, `addresses`."""
        return dict(self._json("POST", "api/sites/", {"name": name, **facts}))

    def change(self, name: str, **facts: Any) -> Row:
        """Another title, limit or other addresses."""
        return dict(self._json("PATCH", f"api/sites/{self._id(name)}/", facts))

    def remove(self, name: str) -> None:
        """Remove a site that nothing needs any more."""
        with self._http.request("DELETE", f"api/sites/{self._id(name)}/"):
            pass

    def workers(self, name: str) -> list[Row]:
        """Its workers, as they last told of themselves."""
        return _rows(self._json("GET", f"api/sites/{self._id(name)}/workers/"))

    def keys(self, name: str) -> list[Row]:
        """The keys of its workers, without their texts."""
        return _rows(self._json("GET", f"api/sites/{self._id(name)}/keys/"))

    def make_key(self, name: str, label: str) -> Row:
        """A new key for its workers; the text is told this once."""
        return dict(self._json("POST", f"api/sites/{self._id(name)}/keys/", {"name": label}))

    def targets(self) -> list[Row]:
        """The targets of the archive, with the sites that keep something there."""
        return _rows(self._json("GET", "api/targets/")["results"])

    def put_together(self, target: str, sites: Sequence[str]) -> Row:
        """Have exactly these sites read each other's objects in a target."""
        path = f"api/targets/{segment(target)}/together/"
        return dict(self._json("PUT", path, {"sites": list(sites)}))

    def revoke_key(self, name: str, key: int) -> None:
        """End a key; workers that show it are refused from now on."""
        with self._http.request("DELETE", f"api/sites/{self._id(name)}/keys/{key}/"):
            pass

    def _id(self, name: str) -> int:
        return int(self.named(name)["id"])

    def _json(self, method: str, path: str, given: Any = None) -> Any:
        with self._http.request(method, path, json=given) as answer:
            return answer.json()


def _rows(document: Any) -> list[Row]:
    return list(document["results"] if isinstance(document, dict) else document)
