"""Three people for every test of permissions: an owner, a team-mate, a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import services
from lagan.hub.tree.models import Entity

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class People:
    """Their actors, the team's group with its role, and the ground that they stand on."""

    owner: Actor
    mate: Actor
    stranger: Actor
    team: Entity
    role: Entity
    ground: services.Ground


def person(name: str) -> Actor:
    """An actor with a USER entity of its own."""
    users = services.ensure_root().users
    entity = services.create_entity(by=SYSTEM, type="USER", name=name, parent=users.id)
    return Actor(entity.id, name, "jwt")


def gather() -> People:
    """Owner and mate are members of the team's role; the stranger is of nothing."""
    ground = services.ensure_root()
    team = services.create_entity(by=SYSTEM, type="GROUP", name="team", parent=ground.root.id)
    role = services.create_entity(by=SYSTEM, type="GROUP", name="team_member", parent=team.id)
    owner, mate, stranger = person("owner"), person("mate"), person("stranger")
    for each in (owner, mate):
        assert each.entity is not None
        services.add_member(by=SYSTEM, member=each.entity, group=role.id)
    return People(owner, mate, stranger, team, role, ground)
