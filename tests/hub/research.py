"""The research group of the seed's own example, with an administrator, a member, a guest, and a
stranger."""

from __future__ import annotations

from dataclasses import dataclass

from lagan.hub.accounts import services as accounts
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import services
from lagan.hub.tree.models import Entity

NAME = "NTNU-NV-IFY Nortem"
WHO = ("adm", "member", "guest", "stranger")


@dataclass(frozen=True, slots=True)
class Research:
    """The department, the group, its role groups by the ends of their names, the people by what
    they are."""

    department: Entity
    group: Entity
    roles: dict[str, Entity]
    people: dict[str, User]

    def actor(self, who: str) -> Actor:
        """One of the people, signed in."""
        user = self.people[who]
        return Actor(user.entity_id, user.username, "jwt")

    def entity(self, who: str) -> int:
        """The USER entity of one of the people."""
        return int(self.people[who].entity_id)


def found_research_group() -> Research:
    """`/NTNU/NV/IFY/Research Groups/NTNU-NV-IFY Nortem` with its roles and one person in each."""
    here = accounts.bootstrap().root
    for name in ("NTNU", "NV", "IFY"):
        here = services.create_entity(by=SYSTEM, type="GROUP", name=name, parent=here.id)
    made = services.make_research_group(by=SYSTEM, within=here.id, name="Nortem")
    people = {name: accounts.create_user(by=SYSTEM, username=name) for name in WHO}
    for name in WHO[:3]:
        services.add_member(
            by=SYSTEM, member=people[name].entity_id, group=made.roles[f"_{name}"].id
        )
    return Research(here, made.group, made.roles, people)
