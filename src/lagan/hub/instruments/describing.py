"""Datasets as uploading programs know them: by experiment, description and instrument.
Descriptions may repeat within an experiment, names of entities do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from django.db import transaction

from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as dataset_queries
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.queries import DatasetRow
from lagan.hub.instruments.experiments import owner_of
from lagan.hub.instruments.models import Described
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class DescribedRow:
    """A dataset with its description."""

    row: DatasetRow
    description: str
    immutable: bool


def described(
    by: Actor,
    *,
    experiment: int,
    description: str | None = None,
    instrument: int | None = None,
) -> list[DescribedRow]:
    """Datasets of an experiment that the actor may read or change, oldest first: of exactly this
    description and from this instrument, where they are given."""
    ids: list[int] = []
    names: list[str] = []
    if description is not None:
        clean = description.replace("\x00", "\ufffd")
        rows = Described.objects.filter(description=clean, dataset__entity__parent=experiment)
        ids, names = list(rows.values_list("pk", flat=True)[:1000]), [clean]
    found = dataset_queries.in_group(by, experiment, names=names, ids=ids, computer=instrument)
    return [
        each for each in _with_words(found) if description is None or each.description == names[0]
    ]


def dataset(by: Actor, id: int) -> DescribedRow:
    """One dataset that the actor may read or change. NotFound."""
    place = tree_queries.rows([id]).get(id)
    found = [] if place is None else dataset_queries.in_group(by, place.parent, ids=[id])
    if not found:
        raise NotFound(f"There is no dataset {id}.", dataset=id)
    return _with_words(found)[0]


def _with_words(rows: Sequence[DatasetRow]) -> list[DescribedRow]:
    known = Described.objects.in_bulk([each.id for each in rows])
    return [
        DescribedRow(each, said.description, said.immutable)
        if (said := known.get(each.id))
        else DescribedRow(each, each.name, False)
        for each in rows
    ]


@transaction.atomic
def make_dataset(
    *,
    by: Actor,
    experiment: int,
    description: str,
    instrument: int | None = None,
    immutable: bool = False,
) -> DescribedRow:
    """A new open dataset of an experiment; needs DATASET_CREATE there. It is that of whose folder
    the experiment is. The same again is found instead."""
    if not description.strip():
        raise BadInput("A dataset has a description.", field="description")
    tree.require(actor=by, permission="DATASET_CREATE", entity=experiment)
    locks.until_commit(f"datasets of {experiment}")
    found = described(by, experiment=experiment, description=description, instrument=instrument)
    if found:
        return found[0]
    clean = description.replace("\x00", "\ufffd")
    made = datasets.create_dataset(
        by=by, name=_free_name(experiment, clean), group=experiment, owner=owner_of(experiment),
        computer=instrument,
    )  # fmt: skip
    Described.objects.create(dataset=made, description=clean, immutable=immutable)
    return dataset(by, made.pk)


def _free_name(group: int, description: str) -> str:
    """A name for the entity like the description; with a number when there is one of that name."""
    printable = (each if each.isprintable() and each != "/" else "-" for each in description)
    clean = "".join(printable).strip()
    for number in count(1):
        name = clean[:480] + (f" ({number})" if number > 1 else "")
        if tree_queries.child(type="DATASET", name=name, parent=group) is None:
            return name
    raise AssertionError("counting never ends")
