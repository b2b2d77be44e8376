"""Who may do what at a hub, as Python calls: look, set, ask why and who, roles and members."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lagan.kit.http import Http, segment


class Permissions:
    """The calls about permissions of one hub. An entity is its id, or its full path as
    `/root/NTNU/NV`; documents are those of the REST API."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def entity(self, given: str) -> int:
        """The id of an entity given by id or full path. NotFound."""
        if given.isdecimal():
            return int(given)
        return int(self._ask("GET", "api/entities/at/", {"path": given})["id"])

    def me(self) -> int:
        """The id of our own USER entity."""
        return int(self._ask("GET", "api/auth/me/")["entity"])

    def meanings(self) -> list[dict[str, Any]]:
        """Every permission with what it allows."""
        return list(self._ask("GET", "api/permissions/"))

    def show(self, entity: int, subject: int) -> list[dict[str, Any]]:
        """The four columns for a subject: inherited, deny, grant, effective."""
        return list(self._ask("GET", _place(entity, "permissions"), {"subject": str(subject)}))

    def mine(self, entity: int) -> list[str]:
        """What we may do there."""
        return list(self._ask("GET", _place(entity, "permissions")))

    def subjects(self, entity: int) -> list[dict[str, Any]]:
        """Who has grants and denials of its own there."""
        return list(self._ask("GET", _place(entity, "subjects")))

    def set(self, entity: int, subject: int, grant: Collection[str], deny: Collection[str]) -> None:
        """Make these all that the subject has of its own there."""
        given = {"subject": subject, "grant": sorted(grant), "deny": sorted(deny)}
        self._ask("PUT", _place(entity, "grants"), given=given)

    def why(self, entity: int, permission: str, subject: int | None = None) -> dict[str, Any]:
        """Why the subject (we ourselves without) may or may not."""
        query = {"permission": permission}
        if subject is not None:
            query["subject"] = str(subject)
        return dict(self._ask("GET", _place(entity, "why"), query))

    def who(self, entity: int, permission: str, type: str = "USER") -> Iterator[dict[str, Any]]:
        """Who holds the permission there, page by page."""
        return self._pages(_place(entity, "who"), {"permission": permission, "type": type})

    def roles(self, entity: int) -> list[dict[str, Any]]:
        """Every role of the entity with the way to it."""
        return list(self._ask("GET", _place(entity, "roles")))

    def members(self, group: int) -> Iterator[dict[str, Any]]:
        """Who was made a member of the group, page by page."""
        return self._pages(_place(group, "members"), {})

    def add_member(self, group: int, member: int) -> None:
        """Make an entity a member of the group."""
        self._ask("POST", _place(group, "members"), given={"member": member})

    def remove_member(self, group: int, member: int) -> None:
        """End a membership."""
        self._ask("DELETE", f"{_place(group, 'members')}{member}/")

    def make_roles(self, group: int, kind: str) -> dict[str, Any]:
        """Make the role groups of a `research` group or a `lab`."""
        return dict(self._ask("POST", _place(group, "role-groups"), given={"kind": kind}))

    def make_group(self, within: int, name: str, kind: str) -> dict[str, Any]:
        """Make a `research` group or a `lab` of a department, with its role groups."""
        part = "labs" if kind == "lab" else "research-groups"
        return dict(self._ask("POST", _place(within, part), given={"name": name}))

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._ask("GET", path, {**query, **more})
            yield from page["results"]
            if not page["next"]:
                return
            more = {"after": page["next"]}

    def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, given: Any = None
    ) -> Any:
        # What was made or ended already is refused the second time; all else is the same twice.
        repeat = method != "DELETE" and not path.endswith(("labs/", "research-groups/"))
        asked = dict(query) if query else None
        with self._http.request(method, path, json=given, query=asked, repeat=repeat) as answer:
            return None if answer.status == 204 else answer.json()


def _place(entity: int, part: str) -> str:
    return f"api/entities/{segment(str(entity))}/{part}/"
