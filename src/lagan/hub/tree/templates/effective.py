"""The effective template of a group and type, read from the tree in two statements."""

from __future__ import annotations

from itertools import groupby

from lagan.hub.tree.models import Entity, TemplateAssignment, TemplateField
from lagan.hub.tree.rules import WIDTH, ids_in
from lagan.hub.tree.templates.aggregate import EffectiveTemplate, Layer, aggregate
from lagan.hub.tree.templates.fields import FLAGS, Field


def effective_template(parent: int, type: str) -> EffectiveTemplate:
    """What the templates from the root down to the group `parent` ask of an entity of `type` in
    it. `parent` may also be an entity that is none: then its group counts. Asks no permission;
    empty for what is not there."""
    path = Entity.objects.filter(id=parent).values_list("path", flat=True).first()
    return at_path(path, type) if path else EffectiveTemplate()


def at_path(path: str, type: str) -> EffectiveTemplate:
    """As `effective_template`, of the place with this path."""
    line = ids_in(path)
    depth = {group: place for place, group in enumerate(line)}
    assigned = list(TemplateAssignment.objects.filter(group__in=line, type=type))
    if not assigned:
        return EffectiveTemplate()
    assigned.sort(key=lambda each: (depth[each.group_id], each.position))
    fields = fields_of({each.template_id for each in assigned})
    return aggregate(
        Layer(each.group_id, each.template_id, fields.get(each.template_id, ()))
        for each in assigned
    )


def of_entity(path: str, type: str) -> EffectiveTemplate:
    """What is asked of the entity with this path and type: what counts in the group that it is
    in."""
    return at_path(path[:-WIDTH] or path, type)


def policy(place: int, type: str, key: str) -> list[str]:
    """The default values of a key in the effective template of `type` at a group (or at the group
    of an entity): how rooms read what was laid down for the system, as
    `system.dataset.open.lifespan`. Empty without any. Asks no permission."""
    field = effective_template(place, type).fields.get(key)
    return list(field.defaults) if field else []


def fields_of(templates: set[int]) -> dict[int, list[Field]]:
    """The fields of each template in their order, in one statement."""
    rows = TemplateField.objects.filter(template__in=templates).order_by("template", "position")
    return {
        template: [as_field(row) for row in some]
        for template, some in groupby(rows, lambda row: row.template_id)
    }


def as_field(row: TemplateField) -> Field:
    """The row as a value."""
    return Field(
        key=row.key,
        defaults=tuple(row.defaults),
        regex=row.regex,
        least=row.least,
        most=row.most,
        comment=row.comment,
        **{flag: getattr(row, flag) for flag in FLAGS},
    )
