"""People with events, and a dataset whose files lie on two volumes. Rooms are imported when a
fixture is made: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor
    from tests.hub.people import People


@dataclass(frozen=True, slots=True)
class Story:
    """The owner may read the logs of the team's datasets, the mate only the datasets, the stranger
    nothing; `dataset` is what happened most."""

    people: People
    dataset: int

    def note(self, by: Actor, subject: int | None, number: int) -> int:
        from lagan.hub.audit.kinds import Kind
        from lagan.hub.audit.services import record

        return record(kind=Kind.FILES_STORED, by=by, subject=subject, data={"n": number})


@pytest.fixture
def story(transactional_db: None) -> Story:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree
    from tests.hub.people import gather

    people = gather()
    made = tree.create_entity(by=SYSTEM, type="DATASET", name="beads", parent=people.team.pk)
    assert people.owner.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=people.role.pk, object=people.team.pk, grant={"DATASET_READ"}
    )
    tree.set_grants(
        by=SYSTEM, subject=people.owner.entity, object=people.team.pk, grant={"DATASET_LOG_READ"}
    )
    return Story(people, made.pk)


CONTENT = {"raw/jedna.txt": b"one", "raw/žluť 黄.txt": b"two", "three": b""}


@dataclass(frozen=True, slots=True)
class Kept:
    """A dataset of the owner's that the mate may read, with `CONTENT` on two volumes."""

    people: People
    dataset: int


@pytest.fixture
def kept(transactional_db: None, tmp_path: Path) -> Iterator[Kept]:
    from lagan.hub.archive.services.replicating import replicate
    from lagan.hub.archive.services.volumes import forget_opened
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.services import create_dataset
    from lagan.hub.tree import services as tree
    from tests.hub.archive.shelf import Archive
    from tests.hub.people import gather

    forget_opened()
    people, shelf = gather(), Archive(tmp_path)
    team = people.team.pk
    tree.set_grants(
        by=SYSTEM, subject=people.role.pk, object=team,
        grant={"GROUP_READ", "DATASET_READ", "DATASET_LOG_READ"},
    )  # fmt: skip
    assert people.owner.entity is not None
    tree.set_grants(by=SYSTEM, subject=people.owner.entity, object=team, grant={"DATASET_CREATE"})
    made = create_dataset(by=people.owner, name="Dvořák", group=team)
    for name, role in (("main", "main"), ("copy", "copy")):
        shelf.add_volume(name, role)
    files = shelf.store(list(CONTENT.values()))
    _attach(made.pk, files)
    replicate(files)
    yield Kept(people, made.pk)
    forget_opened()


def _attach(dataset: int, files: list[UUID]) -> None:
    from django.db import transaction
    from django.utils import timezone

    from lagan.hub.datasets.services import Arrival, attach
    from lagan.kit.digests import digests_of

    arrivals = [
        Arrival(dataset, path, id, digests_of([data]), 1_700_000_000_000_000_000)
        for (path, data), id in zip(CONTENT.items(), files, strict=True)
    ]
    with transaction.atomic():
        attach(arrivals, at=timezone.now())
