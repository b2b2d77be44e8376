"""Facilities and their instruments: GROUPs in which somebody has the say, and COMPUTERs in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import Conflict, Forbidden, NotFound

MANAGES = "COMPUTER_CREATE"
"""Who may add instruments to a group manages it as a facility."""
MOST = 1000
"""Facilities and instruments of one answer."""


@dataclass(frozen=True, slots=True)
class Facility:
    """A GROUP, and the group whose members manage it; itself where no group of the asker's does."""

    id: int
    name: str
    managers_id: int
    managers: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """A COMPUTER in its facility."""

    id: int
    name: str
    facility: Facility


def facilities(by: Actor) -> list[Facility]:
    """Those that the actor manages, by name."""
    found = tree_queries.tops(by, MANAGES, holding="COMPUTER", size=MOST)
    mine = frozenset() if by.entity is None else tree_queries.roles(by.entity)
    managers = {each.id: _managers(each.id, mine) for each in found}
    names = tree_queries.rows([each for each in managers.values() if each is not None])
    return [
        Facility(each.id, each.name, managing, names[managing].name)
        if (managing := managers[each.id]) in names
        else Facility(each.id, each.name, each.id, each.name)
        for each in found
    ]


def _managers(facility: int, mine: frozenset[int]) -> int | None:
    """The first role of the asker's that was granted the say there; None for a grant to the person
    alone, or one further up."""
    granted = tree_queries.grants_on(facility)
    found = tree_queries.rows(
        [each for each, (held, _) in granted.items() if each in mine and MANAGES in held]
    )
    return min((each.id for each in found.values() if each.type == "GROUP"), default=None)


def facility(by: Actor, id: int) -> Facility:
    """One of them. NotFound."""
    found = next((each for each in facilities(by) if each.id == id), None)
    if found is None:
        raise NotFound(f"There is no facility {id}.", facility=id)
    return found


def manages_any(by: Actor) -> bool:
    """Whether the actor manages a facility at all."""
    return bool(tree_queries.allowed(by, MANAGES))


def require_manager(by: Actor) -> None:
    """Forbidden for who manages no facility."""
    if not manages_any(by):
        raise Forbidden("This is for those who manage a facility.", permission=MANAGES)


def instruments(
    by: Actor, *, facility: int | None = None, name: str | None = None, ids: Sequence[int] = ()
) -> list[Instrument]:
    """Instruments of facilities that the actor manages: of one of them, of that name, or some."""
    known = {each.id: each for each in facilities(by) if facility in (None, each.id)}
    if ids:
        rows = tree_queries.rows(ids).values()
        found = [each for each in rows if each.type == "COMPUTER" and each.parent in known]
    else:
        found = tree_queries.children_of(list(known), type="COMPUTER", name=name, size=MOST)
    return [Instrument(each.id, each.name, known[each.parent]) for each in found]


def instrument(by: Actor, id: int) -> Instrument:
    """One of them. NotFound."""
    found = instruments(by, ids=[id])
    if not found:
        raise NotFound(f"There is no instrument {id}.", instrument=id)
    return found[0]


@transaction.atomic
def make_instrument(*, by: Actor, facility: int, name: str) -> Instrument:
    """The instrument of that name; made when missing, which needs COMPUTER_CREATE there."""
    locks.until_commit(f"instruments of {facility}")
    found = instruments(by, facility=facility, name=name.strip())
    if found:
        return found[0]
    group = next((each for each in facilities(by) if each.id == facility), None)
    tree.require(actor=by, permission=MANAGES, entity=facility)
    made = tree.create_entity(by=by, type="COMPUTER", name=name, parent=facility)
    if group is None:  # until it holds an instrument, a group further down is no facility
        group = next(each for each in facilities(by) if each.id == facility)
    return Instrument(made.id, made.name, group)


@transaction.atomic
def rename_instrument(*, by: Actor, instrument: int, name: str) -> Instrument:
    """Give it another name; needs COMPUTER_CHANGE. Conflict when the facility has one of it."""
    found = next(iter(instruments(by, ids=[instrument])), None)
    if found is None:
        raise NotFound(f"There is no instrument {instrument}.", instrument=instrument)
    taken = instruments(by, facility=found.facility.id, name=name.strip())
    if any(each.id != instrument for each in taken):
        raise Conflict(f"{found.facility.name} already has an instrument {name}.", name=name)
    renamed = tree.rename(by=by, entity=instrument, name=name)
    return Instrument(instrument, renamed.name, found.facility)
