"""Templates are edited, and assigned to groups in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree.models import Entity, TemplateAssignment, TemplateField, Type
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.services.entities import create_entity, rename
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.hub.tree.templates.effective import fields_of
from lagan.hub.tree.templates.fields import FLAGS, Field, require_sense
from lagan.kit.errors import BadInput, Conflict, NotFound

MOST_ASSIGNED = 200
"""Templates for one type at one group."""


@transaction.atomic
def create_template(*, by: Actor, name: str, parent: int, fields: Sequence[Field] = ()) -> Entity:
    """A new template with its fields in the group `parent`; needs TEMPLATE_CREATE there, for
    fields also TEMPLATE_CHANGE. Conflict when any template has the name."""
    made = create_entity(by=by, type=Type.TEMPLATE, name=name, parent=parent)
    if fields:
        set_template(by=by, template=made.id, fields=fields)
    return made


@transaction.atomic
def change_template(
    *, by: Actor, template: int, name: str | None = None, fields: Sequence[Field] | None = None
) -> None:
    """Another name, other fields, or both at once; needs TEMPLATE_CHANGE."""
    _changeable(by, template)
    if name is not None:
        rename(by=by, entity=template, name=name)
    if fields is not None:
        set_template(by=by, template=template, fields=fields)


@transaction.atomic
def set_template(*, by: Actor, template: int, fields: Sequence[Field]) -> None:
    """Make these all fields of the template, in this order; needs TEMPLATE_CHANGE. BadInput with
    every problem at once, bad regular expressions among them."""
    _changeable(by, template)
    require_sense(fields)
    before = fields_of({template}).get(template, [])
    if list(fields) == before:
        return
    TemplateField.objects.filter(template=template).delete()
    TemplateField.objects.bulk_create(
        _row(template, place, field) for place, field in enumerate(fields)
    )
    keys = sorted({each.key for each in set(before) ^ set(fields)}) or [f.key for f in fields]
    record(kind=Kind.TEMPLATE_CHANGED, by=by, subject=template, data={"keys": keys})


@transaction.atomic
def set_field(*, by: Actor, template: int, field: Field, key: str | None = None) -> None:
    """Put the field in place of the one with its key (or with `key`, to give that another name),
    or at the end; needs TEMPLATE_CHANGE."""
    _changeable(by, template)
    fields = fields_of({template}).get(template, [])
    known = [each.key for each in fields]
    old = field.key if key is None else key
    if key is not None and key not in known:
        raise NotFound(f"The template has no key {key}.", key=key)
    if old in known:
        fields[known.index(old)] = field
    else:
        fields.append(field)
    set_template(by=by, template=template, fields=fields)


@transaction.atomic
def remove_field(*, by: Actor, template: int, key: str) -> None:
    """Take a key out of the template; needs TEMPLATE_CHANGE. NotFound when it has none such."""
    _changeable(by, template)
    fields = fields_of({template}).get(template, [])
    kept = [each for each in fields if each.key != key]
    if len(kept) == len(fields):
        raise NotFound(f"The template has no key {key}.", key=key)
    set_template(by=by, template=template, fields=kept)


@transaction.atomic
def shift_field(*, by: Actor, template: int, key: str, up: bool) -> None:
    """Let a key change places with the one before it (`up`) or after it, if there is one: forms
    show them in this order. Needs TEMPLATE_CHANGE."""
    _changeable(by, template)
    fields = fields_of({template}).get(template, [])
    place = next((at for at, each in enumerate(fields) if each.key == key), None)
    if place is None:
        raise NotFound(f"The template has no key {key}.", key=key)
    _swap(fields, place, up)
    set_template(by=by, template=template, fields=fields)


@transaction.atomic
def set_assignments(*, by: Actor, group: int, type: str, templates: Sequence[int]) -> None:
    """Make these, in this order, the templates for entities of `type` in the group; needs
    GROUP_TEMPLATE_ASSIGN on it, and TEMPLATE_READ on those that are new there."""
    kind = _assignable(by, group, type)
    before = _assigned(group, kind)
    if len(set(templates)) < len(templates):
        raise BadInput("A template is assigned once for a type.", templates=list(templates))
    if len(templates) > MOST_ASSIGNED:
        raise BadInput(f"At most {MOST_ASSIGNED} templates for a type.", most=MOST_ASSIGNED)
    for each in templates:
        if each not in before:
            _readable(by, each)
    if list(templates) == before:
        return
    rows = TemplateAssignment.objects.filter(group=group, type=kind)
    rows.delete()
    TemplateAssignment.objects.bulk_create(
        TemplateAssignment(group_id=group, type=kind, position=place, template_id=each)
        for place, each in enumerate(templates)
    )
    data = {"type": kind, "from": before, "to": list(templates)}
    record(kind=Kind.TEMPLATES_ASSIGNED, by=by, subject=group, data=data)


@transaction.atomic
def assign_template(*, by: Actor, group: int, type: str, template: int) -> None:
    """Assign a template as the last one of the list. Conflict when it is there already."""
    before = _assigned(group, _assignable(by, group, type))
    if template in before:
        raise Conflict("The template is assigned here already.", template=template)
    set_assignments(by=by, group=group, type=type, templates=[*before, template])


@transaction.atomic
def unassign_template(*, by: Actor, group: int, type: str, template: int) -> None:
    """Take a template off the list. NotFound when it is not on it."""
    before = _assigned(group, _assignable(by, group, type))
    _place(before, template)
    kept = [each for each in before if each != template]
    set_assignments(by=by, group=group, type=type, templates=kept)


@transaction.atomic
def shift_template(*, by: Actor, group: int, type: str, template: int, up: bool) -> None:
    """Let the template change places with the one before it (`up`) or after it, if there is
    one."""
    order = _assigned(group, _assignable(by, group, type))
    _swap(order, _place(order, template), up)
    set_assignments(by=by, group=group, type=type, templates=order)


def _changeable(by: Actor, template: int) -> Entity:
    found = require(actor=by, permission=Permission.TEMPLATE_CHANGE, entity=template)
    if found.type != Type.TEMPLATE:
        raise BadInput(f"{found.name} is a {found.type}, not a template.", entity=template)
    return locked(template)


def _assignable(by: Actor, group: int, type: str) -> Type:
    if type not in Type.values:
        raise BadInput(f"{type!r} is no type of entity.", types=Type.values)
    found = require(actor=by, permission=Permission.GROUP_TEMPLATE_ASSIGN, entity=group)
    if found.type != Type.GROUP:
        raise BadInput(f"Templates are assigned to groups; {found.name} is a {found.type}.")
    locked(group)
    return Type(type)


def _readable(by: Actor, template: int) -> None:
    found = existing(template)
    require(actor=by, permission=Permission.TEMPLATE_READ, entity=template)
    if found.type != Type.TEMPLATE:
        raise BadInput(f"{found.name} is a {found.type}, not a template.", entity=template)


def _assigned(group: int, type: Type) -> list[int]:
    rows = TemplateAssignment.objects.filter(group=group, type=type)
    return list(rows.order_by("position").values_list("template_id", flat=True))


def _place(order: list[int], template: int) -> int:
    if template not in order:
        raise NotFound("The template is not assigned here.", template=template)
    return order.index(template)


def _swap(order: list[Any], place: int, up: bool) -> None:
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]


def _row(template: int, place: int, field: Field) -> TemplateField:
    flags = {flag: getattr(field, flag) for flag in FLAGS}
    return TemplateField(
        template_id=template,
        position=place,
        key=field.key,
        defaults=list(field.defaults),
        regex=field.regex,
        least=field.least,
        most=field.most,
        comment=field.comment,
        **flags,
    )
