"""Entities are made, renamed, moved and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError, Value
from django.db.models.functions import Concat, Length, Substr

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import bulk, locks
from lagan.hub.base.actors import Actor
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import permission_to
from lagan.hub.tree.rules import DEEPEST, RENAMABLE, WIDTH, beneath, holders, path_of
from lagan.hub.tree.services.metadata import first_metadata, insert_metadata
from lagan.hub.tree.services.names import ADMINISTRATORS, SHAPE, TEMPLATE_NAMES, USERS
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.hub.tree.services.watching import tell
from lagan.hub.tree.templates.aggregate import EffectiveTemplate
from lagan.hub.tree.templates.compliance import Reason
from lagan.hub.tree.templates.effective import at_path
from lagan.hub.tree.templates.patterns import matcher
from lagan.kit.errors import BadInput, Conflict

LONGEST_NAME = 500
"""Characters of a name: with its neighbours in the index it stays below PostgreSQL's 2,704
bytes."""
MOST_COUNTED = 1000
"""Where counting what lies in an entity ends: `1000` means that many or more."""
NAME_KEY = "system.name"
"""Where a template says what names entities may have: the regular expression of this key."""

Anchor = Callable[[int], object]
_ANCHORS: dict[Type, list[Anchor]] = {}


def register_anchor(type: str, check: Anchor) -> None:
    """Let a room above keep its entities where they are: `check(entity)` raises for one that stays.
    Called at start-up."""
    _ANCHORS.setdefault(Type(type), []).append(check)


@transaction.atomic
def create_entity(
    *,
    by: Actor,
    type: str,
    name: str,
    parent: int,
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> Entity:
    """A new entity in the group `parent`; needs `<type>_CREATE` there. Conflict when a sibling of
    the type has the name, or any template that of a template.

    `metadata`: the values of its open keys. With the first defaults of mandatory keys they must
    be what the effective template asks, else NotCompliant with every reason.
    """
    return create_entities(by=by, type=type, names=[name], parent=parent, metadata=metadata)[0]


@transaction.atomic
def create_entities(
    *,
    by: Actor,
    type: str,
    names: Sequence[str],
    parent: int,
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> list[Entity]:
    """As `create_entity`, for many at once, in order, all with the same metadata: one insert for
    all."""
    kind = _type(type)
    checked = [_name(name) for name in names]
    locks.until_commit(SHAPE, shared=True)
    group = require(actor=by, permission=permission_to("CREATE", kind), entity=parent)
    group = locked(group.id)
    _refuse_holder(group, kind)
    _refuse_taken(kind, checked, group)
    effective = at_path(group.path, kind)
    _refuse_odd_names(effective, checked)
    values = first_metadata(effective, metadata)
    ids = bulk.reserve_ids(Entity, len(checked))
    made = Entity.objects.bulk_create(
        Entity(id=each, type=kind, name=name, parent=group, path=path_of(each, group.path))
        for each, name in zip(ids, checked, strict=True)
    )
    for entity in made:
        data = {"type": kind, "name": entity.name, "parent": group.id}
        record(kind=Kind.ENTITY_CREATED, by=by, subject=entity.id, data=data)
    insert_metadata(by, made, values)
    tell(kind, [each.id for each in made])
    return made


@transaction.atomic
def restore_entities(rows: Sequence[tuple[int, str, str, int]]) -> None:
    """Put back entities that a volume's journal knows and the tree does not: `(id, type, name,
    parent)`, parents first, the root being its own parent. Those that are there stay as they
    are; one whose name has gone to another is told apart by its number."""
    for id, kind, name, parent in rows:
        if Entity.objects.filter(id=id).exists():
            continue
        above = "" if parent == id else Entity.objects.get(id=parent).path
        if Entity.objects.filter(type=kind, name=name, parent=parent).exists():
            name = f"{name} ({id})"
        Entity.objects.create(
            id=id, type=kind, name=name, parent_id=parent, path=path_of(id, above)
        )
        tell(kind, [id])
    bulk.keep_counting(Entity)


@transaction.atomic
def rename(*, by: Actor, entity: int, name: str) -> Entity:
    """Give the entity another name; needs `<type>_CHANGE`. Conflict for types whose names are not
    the tree's to change."""
    found = _changeable(by, "CHANGE", entity)
    if found.type not in RENAMABLE and not by.is_system:
        raise Conflict(f"The name of a {found.type} is not changed here.", entity=entity)
    new = _name(name)
    if new == found.name:
        return found
    _refuse_taken(Type(found.type), [new], found.parent)
    _refuse_odd_names(at_path(found.parent.path, found.type), [new])
    old, found.name = found.name, new
    found.save(update_fields=["name", "folded"])
    tell(found.type, [entity])
    record(kind=Kind.ENTITY_RENAMED, by=by, subject=entity, data={"from": old, "to": new})
    return found


@transaction.atomic
def move(*, by: Actor, entity: int, parent: int) -> Entity:
    """Put the entity, with everything beneath it, into another group; needs `<type>_MOVE` on it and
    `<type>_CREATE` on the group. BadInput when the group lies beneath the entity."""
    locks.until_commit(SHAPE)
    found = _changeable(by, "MOVE", entity)
    for stays in _ANCHORS.get(Type(found.type), ()):
        stays(entity)
    group = require(actor=by, permission=permission_to("CREATE", found.type), entity=parent)
    _refuse_holder(group, found.type)
    if group.path.startswith(found.path):
        raise BadInput(f"{group.name} lies within {found.name}.", parent=parent)
    if group.id == found.parent_id:
        return found
    _refuse_taken(Type(found.type), [found.name], group, besides=found.id)
    before, old = found.parent_id, found.path
    new = path_of(found.id, group.path)
    _rewrite_paths(old, new)
    Entity.objects.filter(id=entity).update(parent=group)
    record(kind=Kind.ENTITY_MOVED, by=by, subject=entity, data={"from": before, "to": group.id})
    return Entity.objects.get(id=entity)


@transaction.atomic
def remove(*, by: Actor, entity: int) -> None:
    """Remove the entity with its grants, memberships and metadata; needs `<type>_DELETE`. Conflict
    while something is beneath it, or for a user: those are only made anonymous."""
    locks.until_commit(SHAPE)
    found = _changeable(by, "DELETE", entity)
    if found.type == Type.USER:
        raise Conflict("A user is never removed, only made anonymous.", entity=entity)
    _refuse_full(found)
    data = {"type": found.type, "name": found.name, "parent": found.parent_id}
    try:
        found.delete()
    except ProtectedError:
        raise Conflict(f"{found.name} is still in use.", entity=entity) from None
    record(kind=Kind.ENTITY_REMOVED, by=by, subject=entity, data=data)


def _refuse_full(found: Entity) -> None:
    """Conflict that says what lies in it, by type."""
    rows = Entity.objects.filter(parent=found).exclude(id=found.id).order_by()
    counts = {kind: rows.filter(type=kind)[:MOST_COUNTED].count() for kind in Type.values}
    holds = {kind: number for kind, number in counts.items() if number}
    if not holds:
        return
    said = ", ".join(
        f"{number}{' or more' if number == MOST_COUNTED else ''} {kind}"
        for kind, number in holds.items()
    )
    raise Conflict(f"{found.name} is not empty: it holds {said}.", entity=found.id, holds=holds)


def _changeable(by: Actor, act: str, entity: int) -> Entity:
    """The entity, locked and read afresh, when the actor may do `act` to it and the hub does not
    stand on it."""
    kind = existing(entity).type
    require(actor=by, permission=permission_to(act, kind), entity=entity)
    found = locked(entity)
    fixed = len(found.path) == WIDTH or (
        len(found.path) == 2 * WIDTH
        and found.type == Type.GROUP
        and found.name in (ADMINISTRATORS, USERS)
    )
    if fixed:
        raise Conflict(
            f"The hub stands on {found.name}; it stays where and what it is.", entity=entity
        )
    return found


def _refuse_holder(parent: Entity, type: str) -> None:
    """The parent constraints, as a refusal that says them."""
    if parent.type in holders(type):
        return
    places = "groups, users and computers" if type == Type.TASK else "groups"
    raise BadInput(
        f"Only {places} hold a {type}; {parent.name} is a {parent.type}.", parent=parent.id
    )


def _type(type: str) -> Type:
    if type not in Type.values:
        raise BadInput(f"{type!r} is no type of entity.", types=Type.values)
    return Type(type)


def _name(name: str) -> str:
    """The name as it will stand in the tree, or BadInput."""
    clean = name.strip()
    if not clean or len(clean) > LONGEST_NAME:
        raise BadInput(f"A name has 1 to {LONGEST_NAME} characters.", name=clean[:50])
    if "/" in clean or not clean.isprintable():
        raise BadInput(
            "A name has no slash and no control characters.",
            name=clean[:50].encode("ascii", "replace").decode(),
        )
    return clean


def _refuse_taken(kind: Type, names: Sequence[str], group: Entity, besides: int = 0) -> None:
    if kind == Type.TEMPLATE:
        locks.until_commit(TEMPLATE_NAMES)
    taken = Entity.objects.filter(type=kind, name__in=names).exclude(id__in=[group.id, besides])
    if kind != Type.TEMPLATE:
        taken = taken.filter(parent=group)
    name = taken.values_list("name", flat=True).first()
    if name is None and len(set(names)) < len(names):
        name = next(each for each in names if names.count(each) > 1)
    if name is not None and kind == Type.TEMPLATE:
        raise Conflict(f"There already is a template named {name}.", name=name)
    if name is not None:
        raise Conflict(
            f"{group.name} already has a {kind} named {name}.", name=name, parent=group.id
        )


def _refuse_odd_names(effective: EffectiveTemplate, names: Sequence[str]) -> None:
    field = effective.fields.get(NAME_KEY)
    if field is None or not field.regex:
        return
    fits = matcher(field.regex)
    wrong = [name for name in names if not fits(name)]
    if wrong:
        raise NotCompliant(
            [
                Reason(NAME_KEY, f"“{each}” does not match {field.regex}.", "no-match")
                for each in wrong
            ]
        )


def _rewrite_paths(old: str, new: str) -> None:
    low, high = beneath(old)
    rows = Entity.objects.filter(path__gte=low, path__lt=high)
    deepest = rows.aggregate(deepest=Max(Length("path")))["deepest"]
    if deepest - len(old) + len(new) > DEEPEST * WIDTH:
        raise BadInput(f"The tree is at most {DEEPEST} levels deep.", deepest=DEEPEST)
    rows.update(path=Concat(Value(new), Substr("path", len(old) + 1)))
