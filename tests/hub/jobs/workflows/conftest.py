"""Sites and people for the tests of workflows: what everybody may do, what the team may, what
nobody else sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor
    from tests.hub.people import People


@dataclass(frozen=True, slots=True)
class Scene:
    """`lab` and `london` are the team's, which may run things there; the mate may only look at
    `lab`; `attic` is at the root. `admin` looks after workflows."""

    people: People
    admin: Actor

    def grant(self, who: Actor, where: int, *permissions: str) -> None:
        """Let somebody have these there, and nothing else."""
        from lagan.hub.base.actors import SYSTEM
        from lagan.hub.tree.services import set_grants

        assert who.entity is not None
        set_grants(by=SYSTEM, subject=who.entity, object=where, grant=permissions)


@pytest.fixture
def scene(db: None) -> Scene:
    from lagan.hub.jobs.services import ensure_site
    from lagan.hub.jobs.workflows.services import ensure_defaults
    from tests.hub.people import gather, person

    people = gather()
    admin = person("admin")
    for name in ("lab", "london"):
        site = ensure_site(name=name)
        site.place = people.team.id
        site.save()
    ensure_site(name="attic")
    scene = Scene(people, admin)
    scene.grant(admin, people.ground.root.id, "TASK_READ", "TASK_CREATE", "TASK_CHANGE")
    scene.grant(people.owner, people.team.id, "TASK_READ", "TASK_CREATE")
    scene.grant(people.mate, people.team.id, "TASK_READ")
    ensure_defaults()
    return scene
