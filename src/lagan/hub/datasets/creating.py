"""A dataset is made: what it needs, who may, and what its creator gets on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.computers import queries as computers
from lagan.hub.datasets.expiry import begin_stage
from lagan.hub.datasets.fetching import ask_for_files
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import AUTOMATED, MANUAL, OPEN, Dataset
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import DATASET_CREATOR
from lagan.kit.errors import BadInput


@transaction.atomic
def create_dataset(
    *,
    by: Actor,
    name: str,
    group: int,
    owner: int | None = None,
    computer: int | None = None,
    type: str = MANUAL,
    source_path: str = "",
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> Dataset:
    """A new open dataset beneath `group`; needs DATASET_CREATE there.

    `owner` is the USER entity that gets the creator's rights; the actor's own unless given, as an
    instrument's agent does for the people whose folders it finds. An automated dataset needs the
    `computer` that it is fetched from, with COMPUTER_READ, and the `source_path` on it. Conflict
    when the group has one of that name, NotCompliant when `metadata` is not what the effective
    template asks.
    """
    subject = owner or by.entity
    if subject is None:
        raise BadInput("A dataset needs an owner.", field="owner")
    tree.require(actor=by, permission="DATASET_CREATE", entity=group)
    source = _checked_source(by, type, computer, source_path)
    entity = tree.create_entity(by=by, type="DATASET", name=name, parent=group, metadata=metadata)
    tree.set_grants(
        by=SYSTEM, subject=subject, object=entity.pk, grant=DATASET_CREATOR, deny=frozenset()
    )
    dataset = Dataset(
        entity=entity,
        owner_id=subject,
        computer_id=computer,
        type=type,
        source_path=source,
        created_at=timezone.now(),
    )
    begin_stage(dataset, OPEN, dataset.created_at)
    dataset.save(force_insert=True)
    data = {"name": name, "owner": subject, "type": type, "computer": computer}
    audit.record(kind=Kind.DATASET_CREATED, by=by, subject=entity.pk, data=data)
    write_log(dataset=entity.pk, by=by, level="INFO", text="Created.")
    if type == AUTOMATED:
        ask_for_files(by=by, row=dataset)
    return dataset


def _checked_source(by: Actor, type: str, computer: int | None, source_path: str) -> str:
    """The path beneath the computer's top that will be fetched. Whoever may put datasets where a
    computer stands may name it as their origin, whoever may read it may fetch from it."""
    if type not in (MANUAL, AUTOMATED):
        raise BadInput(f"A dataset is manual or automated, not {type!r}.", field="type")
    if type == MANUAL and source_path:
        raise BadInput("Only an automated dataset is fetched from a path.", field="source_path")
    if type == AUTOMATED and computer is None:
        raise BadInput("An automated dataset is fetched from a computer: which?", field="computer")
    if computer is None:
        return ""
    row = tree_queries.rows([computer]).get(computer)
    place_is_theirs = row is not None and tree_queries.may(by, "DATASET_CREATE", row.parent)
    if type == AUTOMATED or not place_is_theirs:
        tree.require(actor=by, permission="COMPUTER_READ", entity=computer)
    if row is not None and row.type != "COMPUTER":
        raise BadInput(f"{row.name} is a {row.type}, no computer.", field="computer")
    if type == MANUAL:
        return ""
    return computers.path_beneath_top(computer, source_path)
