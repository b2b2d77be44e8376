"""Metadata and templates of a hub as Python calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lagan.client.hub import Hub
from lagan.kit.http import segment

Values = Mapping[str, Sequence[str]]


class Metadata:
    """The metadata of one entity, a dataset for example."""

    def __init__(self, hub: Hub, entity: str) -> None:
        self._hub, self._path = hub, f"api/entities/{segment(entity)}/metadata/"

    def saved(self) -> dict[str, list[str]]:
        """The values of each key."""
        return dict(_ask(self._hub, "GET", self._path))

    def set(self, values: Values) -> None:
        """Replace the values of these keys; none removes a key. BadInput with every reason."""
        _ask(self._hub, "PATCH", self._path, {key: list(each) for key, each in values.items()})

    def copy(self, source: str, keys: Sequence[str] | None = None) -> list[str]:
        """Copy from another entity and say which keys were copied."""
        given = {"source": source, "keys": None if keys is None else list(keys)}
        return list(_ask(self._hub, "POST", f"{self._path}copy/", given)["copied"])

    def export(self, format: str = "json") -> bytes:
        """A document of all of it, `json` or `csv`."""
        path = f"{self._path}export/"
        with self._hub.http.request("GET", path, query={"format": format}) as answer:
            return b"".join(answer.pieces())

    def take_in(
        self, document: bytes, format: str = "json", *, replace: bool = False, apply: bool = False
    ) -> dict[str, Any]:
        """What a document changes: `differences` and `reasons` against it; with `apply` it is done.

        With `replace`, keys that it lacks are removed.
        """
        query = {"format": format, "replace": _word(replace), "apply": _word(apply)}
        with self._hub.http.request(
            "POST",
            f"{self._path}import/",
            query=query,
            body=document,
            headers={"Content-Type": "application/octet-stream"},
            repeat=True,
        ) as answer:
            return dict(answer.json())

    def history(self, key: str = "") -> Iterator[dict[str, Any]]:
        """Every change, newest first, page by page."""
        return _pages(self._hub, f"{self._path}history/", {"key": key})

    def presets(self) -> list[dict[str, str]]:
        """Keys that others use too, and what they are for."""
        return list(_ask(self._hub, "GET", f"{self._path}presets/"))


class Templates:
    """The templates of a hub, and which of them count where."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def all(self, text: str = "") -> Iterator[dict[str, Any]]:
        """Those that we see, by name, with `text` in it."""
        return _pages(self._hub, "api/templates/", {"text": text})

    def one(self, template: str) -> dict[str, Any]:
        """One template and its `fields`."""
        return dict(_ask(self._hub, "GET", _template(template)))

    def create(self, name: str, parent: str) -> dict[str, Any]:
        """A new template in a group."""
        given = {"name": name, "parent": parent}
        return dict(_ask(self._hub, "POST", "api/templates/", given, repeat=False))

    def remove(self, template: str) -> None:
        """Remove one that is assigned nowhere."""
        _ask(self._hub, "DELETE", _template(template))

    def set_field(self, template: str, key: str, field: Mapping[str, Any]) -> dict[str, Any]:
        """What the template says of a key: `default`, `regex`, `flags`, `min`, `max`, `comment`."""
        path = f"{_template(template)}fields/{segment(key)}/"
        return dict(_ask(self._hub, "PUT", path, {"key": key, **field}))

    def unset_field(self, template: str, key: str) -> None:
        """Take a key out of the template."""
        _ask(self._hub, "DELETE", f"{_template(template)}fields/{segment(key)}/")

    def assigned(self, template: str) -> list[dict[str, Any]]:
        """The groups that it is assigned to, and for which type."""
        return list(_ask(self._hub, "GET", f"{_template(template)}assignments/"))

    def at(self, group: str, type: str) -> list[dict[str, Any]]:
        """The list of a group for a type, in its order."""
        path = f"api/entities/{segment(group)}/templates/"
        return list(_ask(self._hub, "GET", path, query={"type": type}))

    def assign(self, group: str, type: str, templates: Sequence[str]) -> list[dict[str, Any]]:
        """Make these the list of a group for a type, in this order."""
        path = f"api/entities/{segment(group)}/templates/"
        return list(_ask(self._hub, "PUT", path, {"type": type, "templates": list(templates)}))

    def effective(self, place: str, type: str) -> list[dict[str, Any]]:
        """The keys in effect in a group, each with its `origin`."""
        path = f"api/entities/{segment(place)}/template/"
        return list(_ask(self._hub, "GET", path, query={"type": type}))

    def try_regex(self, regex: str, values: Sequence[str]) -> list[bool]:
        """Whether each text matches as a whole."""
        given = {"regex": regex, "values": list(values)}
        return list(_ask(self._hub, "POST", "api/templates/regex/", given)["matches"])


def _template(template: str) -> str:
    return f"api/templates/{segment(template)}/"


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _ask(
    hub: Hub,
    method: str,
    path: str,
    given: Any = None,
    query: Mapping[str, Any] | None = None,
    repeat: bool = True,
) -> Any:
    with hub.http.request(method, path, json=given, query=query, repeat=repeat) as answer:
        return answer.json()


def _pages(hub: Hub, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        page = _ask(hub, "GET", path, query=query)
        yield from page["results"]
        if not page.get("next"):
            return
        query = {**query, "after": page["next"]}
