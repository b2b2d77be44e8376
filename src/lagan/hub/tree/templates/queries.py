"""Templates as the asker may see them: their fields, where they are assigned, what is in effect."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models.functions import Length

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.models import Entity, TemplateAssignment, Type
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.services.sight import require, require_sight
from lagan.hub.tree.templates.aggregate import EffectiveTemplate, Place
from lagan.hub.tree.templates.effective import at_path, fields_of
from lagan.hub.tree.templates.fields import Field
from lagan.kit.errors import BadInput

MOST_HOMES = 200
"""Groups in a list to choose from."""


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """Where a template is assigned: the group with the names down to it, the type of entity that
    it counts for."""

    group: int
    path: str
    type: str


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """A template on a group's list; without a name when the asker may not see it."""

    template: int
    name: str | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A template at a group, each with its name or path where the asker sees it."""

    group: int
    path: str | None
    template: int
    name: str | None


@dataclass(frozen=True, slots=True)
class EffectiveRow:
    """A key in effect: its definition, where that is, which ones it overrides, and which ones its
    NONOVERRIDE holds off."""

    field: Field
    origin: PlaceRow
    overridden: list[PlaceRow]
    held_off: list[PlaceRow]


def fields(actor: Actor, template: int) -> list[Field]:
    """The fields of a template in their order; needs TEMPLATE_READ."""
    found = require(actor=actor, permission=Permission.TEMPLATE_READ, entity=template)
    if found.type != Type.TEMPLATE:
        raise BadInput(f"{found.name} is a {found.type}, not a template.", entity=template)
    return fields_of({template}).get(template, [])


def assigned(actor: Actor, template: int) -> list[AssignedRow]:
    """Where the template is assigned and as what, by path and type: of groups only those that the
    asker sees."""
    require_sight(actor=actor, entity=template)
    seen = queries.within(queries.visible(actor, Type.GROUP), "group__path")
    rows = TemplateAssignment.objects.filter(seen, template=template)
    pairs = list(rows.order_by("group__path", "type").values_list("group_id", "type"))
    paths = queries.full_path({group for group, _ in pairs})
    return [AssignedRow(group, paths[group], type) for group, type in pairs]


def assignments(actor: Actor, group: int, type: str) -> list[AssignmentRow]:
    """The templates for entities of `type` at the group, in their order."""
    require_sight(actor=actor, entity=group)
    rows = TemplateAssignment.objects.filter(group=group, type=known_type(type))
    order = list(rows.order_by("position").values_list("template_id", flat=True))
    names = _names(actor, order)
    return [AssignmentRow(each, names.get(each)) for each in order]


def effective(actor: Actor, group: int, type: str) -> list[EffectiveRow]:
    """The template in effect for entities of `type` in the group (of an entity that is none: in
    its own group), with the origin of every key.

    The system's keys are shown to those who may read the template that lays them down.
    """
    found = require_sight(actor=actor, entity=group)
    template = at_path(found.path, known_type(type))
    places = set(_places(template))
    names = _names(actor, {each.template for each in places})
    paths = _paths(actor, {each.group for each in places})
    readable = _readable(actor, {each.template for each in places})

    def rows(some: Iterable[Place]) -> list[PlaceRow]:
        return [
            PlaceRow(each.group, paths.get(each.group), each.template, names.get(each.template))
            for each in some
        ]

    return [
        EffectiveRow(field, rows([origin.place])[0], rows(origin.overridden), rows(origin.held_off))
        for key, field in template.fields.items()
        for origin in [template.origins[key]]
        if field.is_open or origin.place.template in readable
    ]


def homes(actor: Actor) -> list[tuple[int, str]]:
    """Groups in which the asker may make templates, with the names down to them, by path; the
    topmost ones where there are many."""
    may = queries.within(queries.allowed(actor, Permission.TEMPLATE_CREATE))
    rows = Entity.objects.filter(may, type=Type.GROUP).annotate(depth=Length("path"))
    ids = list(rows.order_by("depth", "id").values_list("id", flat=True)[:MOST_HOMES])
    return sorted(queries.full_path(ids).items(), key=lambda each: each[1])


def known_type(type: str) -> Type:
    """The type of entity, or BadInput."""
    if type not in Type.values:
        raise BadInput(f"{type!r} is no type of entity.", types=Type.values)
    return Type(type)


def _places(template: EffectiveTemplate) -> Iterable[Place]:
    for origin in template.origins.values():
        yield from (origin.place, *origin.overridden, *origin.held_off)


def _names(actor: Actor, templates: Collection[int]) -> dict[int, str]:
    seen = queries.within(queries.visible(actor, Type.TEMPLATE))
    return dict(Entity.objects.filter(seen, id__in=templates).values_list("id", "name"))


def _paths(actor: Actor, groups: Collection[int]) -> dict[int, str]:
    seen = queries.within(queries.visible(actor, Type.GROUP))
    return queries.full_path(
        list(Entity.objects.filter(seen, id__in=groups).values_list("id", flat=True))
    )


def _readable(actor: Actor, templates: Collection[int]) -> set[int]:
    may = queries.within(queries.allowed(actor, Permission.TEMPLATE_READ))
    return set(Entity.objects.filter(may, id__in=templates).values_list("id", flat=True))
