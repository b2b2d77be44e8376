"""Instruments and the datasets that their agents find: made where they are missing, found where
they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

from django.db import transaction

from lagan.hub.accounts import queries as accounts
from lagan.hub.base import locks
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import queries as dataset_queries
from lagan.hub.datasets import services as datasets
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, LaganError, NotFound

OwnerKind = Literal["username", "email", "group"]


class UnknownOwner(NotFound):
    """A folder is called after a user or group that the hub does not have."""

    code = "unknown-owner"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A COMPUTER beneath the GROUP that is its facility."""

    id: int
    name: str
    facility: str
    facility_id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dataset that an agent has found: whose folder it lies in, its experiment if the folders
    name one, its name."""

    name: str
    owner: str | None = None
    owner_kind: OwnerKind = "username"
    experiment: str | None = None


@dataclass(frozen=True, slots=True)
class Ensured:
    """The dataset's id and state, and the full name of whose it is."""

    id: int
    state: str
    owner: str = ""


@transaction.atomic
def register_instrument(*, by: Actor, facility: str, name: str) -> Instrument:
    """The instrument of that name in the facility; made when missing, which needs COMPUTER_CREATE
    there."""
    group = tree_queries.find(type="GROUP", name=facility)
    if group is None or not tree_queries.may(by, "DATASET_CREATE", group):
        raise NotFound(
            f"There is no facility {facility!r} that takes data from {by.name}.", facility=facility
        )
    locks.until_commit(f"instruments of {group}")
    found = tree_queries.find(type="COMPUTER", name=name, parent=group)
    if found is None:
        found = tree.create_entity(by=by, type="COMPUTER", name=name, parent=group).id
    return Instrument(found, name, facility, group)


def instrument(*, by: Actor, id: int) -> Instrument:
    """An instrument whose facility takes datasets from the asker. NotFound, Forbidden."""
    row = tree.require_sight(actor=SYSTEM, entity=id)
    if row.type != "COMPUTER":
        raise NotFound(f"There is no instrument {id}.", instrument=id)
    facility = tree.require(actor=by, permission="DATASET_CREATE", entity=row.parent_id)
    return Instrument(id, row.name, facility.name, facility.id)


def ensure_datasets(
    *, by: Actor, instrument: Instrument, wanted: Sequence[Wanted]
) -> list[Ensured | LaganError]:
    """A dataset for each, in order: found by experiment and name, or made, open, with its owner's
    rights."""
    places: dict[Place, tuple[int, int, str]] = {}
    return [_ensure_or_say_why(by, instrument, each, places) for each in wanted]


Place = tuple[str | None, str, str | None]
"""Whose and in which experiment: what the datasets of one request mostly have in common."""


def _ensure_or_say_why(
    by: Actor, instrument: Instrument, each: Wanted, places: dict[Place, tuple[int, int, str]]
) -> Ensured | LaganError:
    """`places` are the owners and groups that were settled before; another joins once committed."""
    wanted = each.owner, each.owner_kind, each.experiment
    try:
        with transaction.atomic():
            if not each.name.strip():
                raise BadInput("A dataset needs a name.", field="name")
            locks.until_commit(f"datasets of {instrument.facility_id}")
            owner, group, name = places.get(wanted) or _place(by, instrument, each)
            ensured = _ensure(by, instrument, each, owner, group)
    except LaganError as refusal:
        return refusal
    places[wanted] = owner, group, name
    return replace(ensured, owner=name)


def _place(by: Actor, instrument: Instrument, each: Wanted) -> tuple[int, int, str]:
    """The entity that owns the dataset, the group that it lies in, and the owner's full name."""
    owner, full_name = _owner(by, each)
    experiment = each.experiment or _own_experiment(instrument, full_name, owner)
    return owner, _experiment(instrument, experiment, owner), full_name


def _ensure(by: Actor, instrument: Instrument, each: Wanted, owner: int, group: int) -> Ensured:
    found = dataset_queries.named(group, each.name, owner=owner, computer=instrument.id)
    if found is not None:
        return Ensured(found.id, found.state)
    made = datasets.create_dataset(
        by=by, name=each.name, group=group, owner=owner, computer=instrument.id
    )
    return Ensured(made.pk, made.state)


def _owner(by: Actor, each: Wanted) -> tuple[int, str]:
    """The entity that owns the dataset, and the name that its experiment carries."""
    if each.owner is None:
        assert by.entity is not None  # noqa: S101
        return by.entity, by.name
    if each.owner_kind == "group":
        group = tree_queries.find(type="GROUP", name=each.owner)
        if group is None:
            raise UnknownOwner(f"There is no group {each.owner!r}.", owner=each.owner)
        return group, each.owner
    user = accounts.find_user(**{each.owner_kind: each.owner})
    if user is None:
        raise UnknownOwner(f"There is no user {each.owner!r}.", owner=each.owner)
    return user.entity_id, user.full_name or user.username


def _own_experiment(instrument: Instrument, full_name: str, owner: int) -> str:
    """`<instrument> - <full name>`; with a number for the second person of that full name. What the
    instrument began under a former name it goes on with, or it would send everything again."""
    facility, words = instrument.facility_id, f" - {full_name}"
    for number in count(1):
        name = f"{instrument.name}{words}" + (f" ({number})" if number > 1 else "")
        group = tree_queries.find(type="GROUP", name=name, parent=facility)
        if group is None:
            begun = dataset_queries.group_used(
                computer=instrument.id, owner=owner, parent=facility, words=words
            )
            return begun or name
        if owner in tree_queries.grants_on(group):
            return name
    raise AssertionError("counting never ends")


def _experiment(instrument: Instrument, name: str, owner: int) -> int:
    """The GROUP of that name beneath the facility; its owner may see it."""
    group = tree_queries.find(type="GROUP", name=name, parent=instrument.facility_id)
    if group is None:
        made = tree.create_entity(by=SYSTEM, type="GROUP", name=name, parent=instrument.facility_id)
        group = made.id
        sight = frozenset({"GROUP_READ"})
        tree.set_grants(by=SYSTEM, subject=owner, object=group, grant=sight, deny=frozenset())
    return group
