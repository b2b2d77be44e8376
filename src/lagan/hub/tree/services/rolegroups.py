"""Role groups, research groups and laboratories in one step each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.rolesets import (
    KINDS,
    LABS,
    NOT_AMONG_ROLES,
    RESEARCH_GROUPS,
    ROLES,
    RoleSpec,
    prefixed,
)
from lagan.hub.tree.services.entities import create_entity
from lagan.hub.tree.services.grants import set_grants
from lagan.hub.tree.services.sight import existing, require
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class RoleGroups:
    """A group and its role groups by the end of their names: `_adm`, `_member`, `_guest`."""

    group: Entity
    roles: dict[str, Entity]


@transaction.atomic
def make_roles(*, by: Actor, group: int, kind: str = "research") -> RoleGroups:
    """Make `<group>/roles/<name>_adm` and so on with what the seed recommends for them; `kind` is
    `research` or `lab`. Needs GROUP_CREATE and GROUP_PERM_SET on the group and everything that is
    given. Roles that are there keep what they have besides."""
    if kind not in KINDS:
        raise BadInput(f"Roles are for a research or a lab, not for {kind!r}.", kind=kind[:50])
    found = require(actor=by, permission="GROUP_CREATE", entity=group)
    if found.type != Type.GROUP:
        raise BadInput(f"Only groups have roles; {found.name} is a {found.type}.", entity=group)
    home, name = _group(by, ROLES, found), _role_name(found)
    made = {
        spec.suffix: _role(by, f"{name}{spec.suffix}", spec, found, home) for spec in KINDS[kind]
    }
    return RoleGroups(found, made)


@transaction.atomic
def make_research_group(*, by: Actor, within: int, name: str) -> RoleGroups:
    """Make `<department>/Research Groups/<ORG-FAC-DEP name>` with its role groups; `within` is the
    department or its Research Groups. Needs what `make_roles` needs, there."""
    container, names = _container(by, within, RESEARCH_GROUPS)
    full = prefixed(names, name.strip())
    made = create_entity(by=by, type=Type.GROUP, name=full, parent=container.id)
    return make_roles(by=by, group=made.id, kind="research")


@transaction.atomic
def make_lab(*, by: Actor, within: int, name: str) -> RoleGroups:
    """Make `<department>/Labs/<name>` with its role groups, which have the department's names
    before theirs; `within` is the department or its Labs. Needs what `make_roles` needs, there."""
    container, _ = _container(by, within, LABS)
    made = create_entity(by=by, type=Type.GROUP, name=name.strip(), parent=container.id)
    return make_roles(by=by, group=made.id, kind="lab")


def _container(by: Actor, within: int, name: str) -> tuple[Entity, list[str]]:
    """The department's group of this name, made when it is missing, and the names from below the
    root to the department."""
    found = require(actor=by, permission="GROUP_CREATE", entity=within)
    department = existing(found.parent_id) if found.name == name else found
    return (found if department is not found else _group(by, name, found)), _names(department.id)


def _role_name(group: Entity) -> str:
    """What the names of the group's roles begin with: those of a lab have the department's names
    before its own, which a research group has in its name."""
    above = existing(group.parent_id)
    return prefixed(_names(above.parent_id), group.name) if above.name == LABS else group.name


def _names(entity: int) -> list[str]:
    """The names from below the root down to the entity."""
    return queries.full_path([entity])[entity].strip("/").split("/")[1:]


def _group(by: Actor, name: str, parent: Entity) -> Entity:
    """The group of this name in `parent`, made when it is missing."""
    found = Entity.objects.filter(type=Type.GROUP, name=name, parent=parent).first()
    return found or create_entity(by=by, type=Type.GROUP, name=name, parent=parent.id)


def _role(by: Actor, name: str, spec: RoleSpec, group: Entity, home: Entity) -> Entity:
    """The role group of this name in `home` with its marks on the group and on `home`."""
    role = _group(by, name, home)
    for place, grant, deny in (
        (group, spec.on_group, frozenset()),
        (home, spec.on_roles, NOT_AMONG_ROLES & spec.on_group),
    ):
        granted, denied = queries.grants_on(place.id).get(role.id, (frozenset(), frozenset()))
        set_grants(
            by=by, subject=role.id, object=place.id, grant=granted | grant, deny=denied | deny
        )
    return role
