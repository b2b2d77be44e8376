"""Six sealed events of three people, told as an export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
