"""Computers as their readers may see them: facts, the state of the connection."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.computers import facts as rules
from lagan.hub.computers.facts import FACTS as FACTS
from lagan.hub.computers.facts import Fact as Fact
from lagan.hub.computers.identity import public_key as public_key
from lagan.hub.computers.models import Connection
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import BadInput, NotFound
from lagan.transfer import fingerprint


@dataclass(frozen=True, slots=True)
class ComputerRow:
    """A COMPUTER with its facts by name (see `facts.FACTS`), those that are known."""

    id: int
    name: str
    group: str
    group_id: int
    facts: dict[str, str]

    @property
    def path(self) -> str:
        """The top folder of its data, empty when it was not told."""
        return self.facts.get("path", "")

    @property
    def reachable(self) -> bool:
        """Whether the hub was told enough to try."""
        return bool(self.path and self.facts.get("user") and self.address)

    @property
    def address(self) -> str:
        """Where the hub connects to."""
        return self.facts.get("ip") or self.facts.get("host", "")

    @property
    def port(self) -> int:
        """Of its SSH server."""
        return int(self.facts.get("port") or rules.PORT)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """`state`: `untold` (facts are missing), `unconfirmed` (nobody confirmed its host key),
    `changed` (it shows another one now), `ready`, `failing`."""

    state: str
    host_key: str
    fingerprint: str
    confirmed_by: str
    confirmed_at: datetime | None
    offered: str
    tried_at: datetime | None
    worked: bool | None
    words: str


def visible(
    actor: Actor, *, after: str | None = None, size: int = 50, text: str = ""
) -> Page[ComputerRow]:
    """Computers that `actor` sees, by name; their facts only where COMPUTER_READ is held."""
    page = tree.visible_entities(actor, "COMPUTER", after=after, size=size, text=text)
    readable = tree.allowed(actor, "COMPUTER_READ")
    rows = _rows([each.pk for each in page.items])
    return Page(
        [
            rows[each.pk] if each.path in readable else _without_facts(rows[each.pk])
            for each in page.items
        ],
        page.next,
    )


def computer(actor: Actor, id: int) -> ComputerRow:
    """One computer; needs COMPUTER_READ. NotFound for what is none."""
    entity = tree_services.require(actor=actor, permission="COMPUTER_READ", entity=id)
    if entity.type != "COMPUTER":
        raise NotFound(f"There is no computer {id}.", computer=id)
    return _rows([id])[id]


def path_beneath_top(id: int, path: str) -> str:
    """A path on a computer as one relative to its top ("" for the top itself): given so, or whole
    with the top before it. BadInput, OutsideTop. Asks no permission."""
    row = _rows([id])[id]
    if not row.reachable:
        raise BadInput(f"The hub was not told how to reach {row.name}.", field="computer")
    return rules.beneath(row.path, path)


def connection(row: ComputerRow) -> ConnectionRow:
    """How the hub stands with a computer that the caller may read."""
    found = Connection.objects.filter(computer=row.id).first() or Connection(computer_id=row.id)
    return ConnectionRow(
        state=_state(row, found),
        host_key=found.host_key,
        fingerprint=fingerprint(found.host_key) if found.host_key else "",
        confirmed_by=found.confirmed_by,
        confirmed_at=found.confirmed_at,
        offered=fingerprint(found.offered_key) if found.offered_key else "",
        tried_at=found.tried_at,
        worked=found.worked,
        words=found.words,
    )


def _state(row: ComputerRow, found: Connection) -> str:
    if not row.reachable:
        return "untold"
    if not found.host_key:
        return "unconfirmed"
    if found.offered_key:
        return "changed"
    return "failing" if found.worked is False else "ready"


def _rows(ids: Collection[int]) -> dict[int, ComputerRow]:
    entities = tree.rows(ids)
    groups = tree.full_path({each.parent for each in entities.values()})
    known = tree.metadata_of(list(entities), [each.key for each in rules.FACTS])
    return {
        id: ComputerRow(id, each.name, groups[each.parent], each.parent, _facts(known.get(id, {})))
        for id, each in entities.items()
    }


def _facts(metadata: dict[str, list[str]]) -> dict[str, str]:
    values: dict[str, Sequence[str]] = dict(metadata)
    return {each.name: str(values[each.key][0]) for each in rules.FACTS if values.get(each.key)}


def _without_facts(row: ComputerRow) -> ComputerRow:
    return ComputerRow(row.id, row.name, row.group, row.group_id, {})
