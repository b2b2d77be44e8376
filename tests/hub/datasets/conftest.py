"""A laboratory whose computer nobody has to reach, for the life of datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.people import People


@dataclass(frozen=True, slots=True)
class Bench:
    """The owner may make datasets in the team, the mate read them, the stranger nothing."""

    people: People
    computer: int

    def make(self, **given):
        from lagan.hub.datasets.services import create_dataset

        whole = {"by": self.people.owner, "name": "d", "group": self.people.team.pk, **given}
        return create_dataset(**whole).pk

    def lay_down(self, **values: str) -> None:
        """A template with these keys for the team's datasets, as `open_lifespan="3600"`."""
        from lagan.hub.base.actors import SYSTEM
        from lagan.hub.tree import services as tree
        from lagan.hub.tree.queries import Field

        fields = [
            Field(f"system.dataset.{key.replace('_', '.')}", defaults=(value,), comment="seconds")
            for key, value in values.items()
        ]
        template = tree.create_template(
            by=SYSTEM, name="lifespans", parent=self.people.ground.root.pk, fields=fields
        )
        tree.assign_template(
            by=SYSTEM, template=template.pk, group=self.people.team.pk, type="DATASET"
        )


def told_of(subject: int):
    """Every event about an entity, as a reaction gets them."""
    from lagan.hub.audit.models import Event
    from lagan.hub.audit.queries import as_row

    return [as_row(each) for each in Event.objects.filter(subject=subject).order_by("id")]


@pytest.fixture
def bench(db: None) -> Bench:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.computers.services import register_computer
    from lagan.hub.tree import services as tree
    from tests.hub.people import gather

    people = gather()
    assert people.owner.entity is not None
    tree.set_grants(
        by=SYSTEM,
        subject=people.role.pk,
        object=people.team.pk,
        grant={"GROUP_READ", "DATASET_READ"},
    )
    tree.set_grants(
        by=SYSTEM,
        subject=people.owner.entity,
        object=people.team.pk,
        grant={"DATASET_CREATE", "COMPUTER_READ"},
    )
    facts = {"ip": "127.0.0.1", "user": "lab", "path": "/data"}
    computer = register_computer(by=SYSTEM, group=people.team.pk, name="nmr", facts=facts)
    return Bench(people, computer)
