"""Changing the tree: each verb asks the one permission rule, runs one transaction and leaves one
event."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Value
from django.db.models.functions import Concat, Substr

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import bulk, locks
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import queries
from lagan.hub.tree.models import Entity, Grant, Membership, Metadata, Type
from lagan.hub.tree.permissions import ALL, Permission, permission_to
from lagan.hub.tree.rules import DEEPEST, WIDTH, beneath, path_of
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound

ROOT, ADMINISTRATORS, USERS = "root", "Administrators", "Users"
LONGEST_NAME = 500
"""Characters of a name: with its neighbours in the index it stays below PostgreSQL's 2,704
bytes."""
_KEY = re.compile(r"[A-Za-z0-9.-]{1,200}")
_SHAPE = "tree.shape"
"""The lock that creation shares and moving holds alone: a path is never read while it is
rewritten."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The three entities that every hub has."""

    root: Entity
    administrators: Entity
    users: Entity


def require(*, actor: Actor, permission: Permission | str, entity: int) -> Entity:
    """The entity, when the actor holds the permission on it. Forbidden when it only sees it, else
    NotFound."""
    found = _existing(entity)
    if queries.holds(actor, permission, found.path):
        return found
    if queries.sees(actor, found):
        raise Forbidden(
            f"This needs {permission} on {found.name}.", permission=str(permission), entity=entity
        )
    raise _absent(entity)


def require_sight(*, actor: Actor, entity: int) -> Entity:
    """The entity, when the actor may know of it, else NotFound."""
    found = _existing(entity)
    if actor.is_system or queries.sees(actor, found):
        return found
    raise _absent(entity)


@transaction.atomic
def create_entity(*, by: Actor, type: str, name: str, parent: int) -> Entity:
    """A new entity in the group `parent`; needs `<type>_CREATE` there. Conflict when a sibling of
    the type has the name."""
    return create_entities(by=by, type=type, names=[name], parent=parent)[0]


@transaction.atomic
def create_entities(*, by: Actor, type: str, names: Sequence[str], parent: int) -> list[Entity]:
    """As `create_entity`, for many at once, in order: one insert and one event for all."""
    kind = _type(type)
    checked = [_name(name) for name in names]
    locks.until_commit(_SHAPE, shared=True)
    group = require(actor=by, permission=permission_to("CREATE", kind), entity=parent)
    group = _locked(group.id)
    if group.type != Type.GROUP:
        raise BadInput(
            f"Only groups hold other entities; {group.name} is a {group.type}.", parent=parent
        )
    _refuse_taken(kind, checked, group)
    ids = bulk.reserve_ids(Entity, len(checked))
    made = Entity.objects.bulk_create(
        Entity(id=each, type=kind, name=name, parent=group, path=path_of(each, group.path))
        for each, name in zip(ids, checked, strict=True)
    )
    for entity in made:
        data = {"type": kind, "name": entity.name, "parent": group.id}
        record(kind=Kind.ENTITY_CREATED, by=by, subject=entity.id, data=data)
    return made


@transaction.atomic
def restore_entities(rows: Sequence[tuple[int, str, str, int]]) -> None:
    """Put back entities that a volume's journal knows and the tree does not: `(id, type, name,
    parent)`, parents first, the root being its own parent. Those that are there stay as they
    are."""
    for id, kind, name, parent in rows:
        if Entity.objects.filter(id=id).exists():
            continue
        above = "" if parent == id else Entity.objects.get(id=parent).path
        Entity.objects.create(
            id=id, type=kind, name=name, parent_id=parent, path=path_of(id, above)
        )
    bulk.keep_counting(Entity)


@transaction.atomic
def rename(*, by: Actor, entity: int, name: str) -> Entity:
    """Give the entity another name; needs `<type>_CHANGE`."""
    found = _changeable(by, "CHANGE", entity)
    new = _name(name)
    if new == found.name:
        return found
    _refuse_taken(Type(found.type), [new], found.parent)
    old, found.name = found.name, new
    found.save(update_fields=["name"])
    record(kind=Kind.ENTITY_RENAMED, by=by, subject=entity, data={"from": old, "to": new})
    return found


@transaction.atomic
def move(*, by: Actor, entity: int, parent: int) -> Entity:
    """Put the entity, with everything beneath it, into another group; needs `<type>_MOVE` on it and
    `<type>_CREATE` on the group. BadInput when the group lies beneath the entity."""
    locks.until_commit(_SHAPE)
    found = _changeable(by, "MOVE", entity)
    group = require(actor=by, permission=permission_to("CREATE", found.type), entity=parent)
    if group.type != Type.GROUP:
        raise BadInput(
            f"Only groups hold other entities; {group.name} is a {group.type}.", parent=parent
        )
    if group.path.startswith(found.path):
        raise BadInput(f"{group.name} lies within {found.name}.", parent=parent)
    if group.id == found.parent_id:
        return found
    _refuse_taken(Type(found.type), [found.name], group)
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
    locks.until_commit(_SHAPE)
    found = _changeable(by, "DELETE", entity)
    if found.type == Type.USER:
        raise Conflict("A user is never removed, only made anonymous.", entity=entity)
    if found.children.exists():
        raise Conflict(f"{found.name} is not empty.", entity=entity)
    data = {"type": found.type, "name": found.name, "parent": found.parent_id}
    try:
        found.delete()
    except ProtectedError:
        raise Conflict(f"{found.name} is still in use.", entity=entity) from None
    record(kind=Kind.ENTITY_REMOVED, by=by, subject=entity, data=data)


@transaction.atomic
def add_member(*, by: Actor, member: int, group: int) -> None:
    """Give `member` the role `group`; needs GROUP_MEMBER_SET on it. Doing so again does nothing."""
    found = _group(by, group)
    other = _existing(member)
    _, new = Membership.objects.get_or_create(member=other, group=found)
    if new:
        record(kind=Kind.MEMBER_ADDED, by=by, subject=group, data={"member": member})


@transaction.atomic
def remove_member(*, by: Actor, member: int, group: int) -> None:
    """Take the role `group` from `member`; needs GROUP_MEMBER_SET on it. NotFound when it is no
    member."""
    found = _group(by, group)
    removed, _ = Membership.objects.filter(member=member, group=found).delete()
    if not removed:
        raise NotFound(f"{member} is not a member of {found.name}.", member=member)
    record(kind=Kind.MEMBER_REMOVED, by=by, subject=group, data={"member": member})


@transaction.atomic
def set_grants(
    *, by: Actor, subject: int, object: int, grant: Collection[str] = (), deny: Collection[str] = ()
) -> None:
    """Make `grant` and `deny` all that the subject has of its own at the object; needs
    `<type>_PERM_SET` there, and nobody changes a permission there that they do not hold
    themselves."""
    wanted = {(_permission(each), False) for each in grant} | {
        (_permission(each), True) for each in deny
    }
    kind = _existing(object).type
    require(actor=by, permission=permission_to("PERM_SET", kind), entity=object)
    _locked(object)
    _existing(subject)
    rows = Grant.objects.filter(subject=subject, object=object)
    present = {
        (Permission(permission), denied)
        for permission, denied in rows.values_list("permission", "deny")
    }
    if wanted == present:
        return
    changed = {permission for permission, _ in wanted ^ present}
    if lacking := changed - queries.permissions_on(by, object):
        raise Forbidden(
            f"Nobody gives or denies what they do not hold: {', '.join(sorted(lacking))}.",
            permissions=sorted(lacking),
        )
    for permission, denied in present - wanted:
        rows.filter(permission=permission, deny=denied).delete()
    _insert_grants(subject, object, wanted - present)
    data = {"subject": subject, "grant": sorted(set(grant)), "deny": sorted(set(deny))}
    record(kind=Kind.GRANTS_SET, by=by, subject=object, data=data)


@transaction.atomic
def set_metadata(*, by: Actor, entity: int, values: Mapping[str, Sequence[Any]]) -> None:
    """Replace the values (text, numbers, times) of each key; none removes the key. Needs
    `<type>_CHANGE`. Keys are dotted; those that do not begin with a dot are the system's own."""
    for key in values:
        if not _KEY.fullmatch(key):
            raise BadInput("A metadata key is letters, digits, dots and hyphens.", key=key[:200])
        if not key.startswith(".") and not by.is_system:
            raise Forbidden(f"Only the system sets {key}; open keys begin with a dot.", key=key)
    kind = _existing(entity).type
    require(actor=by, permission=permission_to("CHANGE", kind), entity=entity)
    _locked(entity)
    Metadata.objects.filter(entity=entity, key__in=list(values)).delete()
    rows = [
        _metadata_row(entity, key, place, value)
        for key, each in values.items()
        for place, value in enumerate(each)
    ]
    Metadata.objects.bulk_create(rows)
    record(kind=Kind.METADATA_SET, by=by, subject=entity, data={"keys": sorted(values)})


@transaction.atomic
def ensure_root() -> Ground:
    """The root, its administrators (who hold every permission on it) and the home of the users;
    made when missing."""
    locks.until_commit(_SHAPE)
    root = _root() or _make_root()
    ground = Ground(root, _ensure_group(ADMINISTRATORS, root), _ensure_group(USERS, root))
    held = {"subject": ground.administrators.id, "object": root.id}
    own = Grant.objects.filter(**held).values_list("permission", "deny")
    missing = ALL - {Permission(permission) for permission, _ in own if permission in ALL}
    if missing:
        _insert_grants(
            held["subject"], held["object"], {(permission, False) for permission in missing}
        )
        record(
            kind=Kind.GRANTS_SET,
            by=SYSTEM,
            subject=root.id,
            data={**held, "grant": sorted(missing)},
        )
    return ground


def ground() -> Ground:
    """The root and its two groups, as `ensure_root` left them. Conflict before the hub was set
    up."""
    root = _root()
    groups = {} if root is None else {each.name: each for each in _fixed_groups(root)}
    if root is None or len(groups) != 2:
        raise Conflict("This hub has not been set up yet.")
    return Ground(root, groups[ADMINISTRATORS], groups[USERS])


def _root() -> Entity | None:
    """Every path begins with the root's, so it sorts first."""
    return Entity.objects.order_by("path").first()


def _make_root() -> Entity:
    (number,) = bulk.reserve_ids(Entity, 1)
    root = Entity(id=number, type=Type.GROUP, name=ROOT, path=path_of(number))
    root.parent_id = number
    root.save(force_insert=True)
    record(
        kind=Kind.ENTITY_CREATED, by=SYSTEM, subject=number, data={"type": Type.GROUP, "name": ROOT}
    )
    return root


def _ensure_group(name: str, root: Entity) -> Entity:
    found = Entity.objects.filter(parent=root, type=Type.GROUP, name=name).first()
    return found or create_entity(by=SYSTEM, type=Type.GROUP, name=name, parent=root.id)


def _fixed_groups(root: Entity) -> Iterable[Entity]:
    return Entity.objects.filter(parent=root, type=Type.GROUP, name__in=[ADMINISTRATORS, USERS])


def _changeable(by: Actor, act: str, entity: int) -> Entity:
    """The entity, locked and read afresh, when the actor may do `act` to it and the hub does not
    stand on it."""
    kind = _existing(entity).type
    require(actor=by, permission=permission_to(act, kind), entity=entity)
    found = _locked(entity)
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


def _group(by: Actor, group: int) -> Entity:
    found = require(actor=by, permission=Permission.GROUP_MEMBER_SET, entity=group)
    if found.type != Type.GROUP:
        raise BadInput(f"Only groups have members; {found.name} is a {found.type}.", entity=group)
    return _locked(group)


def _existing(entity: int) -> Entity:
    found = Entity.objects.filter(id=entity).first()
    if found is None:
        raise _absent(entity)
    return found


def _locked(entity: int) -> Entity:
    found = Entity.objects.select_for_update().filter(id=entity).first()
    if found is None:
        raise _absent(entity)
    return found


def _absent(entity: int) -> NotFound:
    return NotFound(f"There is no entity {entity}.", entity=entity)


def _type(type: str) -> Type:
    if type not in Type.values:
        raise BadInput(f"{type!r} is no type of entity.", types=Type.values)
    return Type(type)


def _permission(name: str) -> Permission:
    if name not in ALL:
        raise BadInput(f"{name!r} is no permission.", permission=name)
    return Permission(name)


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


def _refuse_taken(kind: Type, names: Sequence[str], group: Entity) -> None:
    taken = Entity.objects.filter(parent=group, type=kind, name__in=names).exclude(id=group.id)
    name = taken.values_list("name", flat=True).first()
    if name is None and len(set(names)) < len(names):
        name = next(each for each in names if names.count(each) > 1)
    if name is not None:
        raise Conflict(
            f"{group.name} already has a {kind} named {name}.", name=name, parent=group.id
        )


def _rewrite_paths(old: str, new: str) -> None:
    low, high = beneath(old)
    rows = Entity.objects.filter(path__gte=low, path__lt=high)
    deepest = max(map(len, rows.values_list("path", flat=True).iterator()))
    if deepest - len(old) + len(new) > DEEPEST * WIDTH:
        raise BadInput(f"The tree is at most {DEEPEST} levels deep.", deepest=DEEPEST)
    rows.update(path=Concat(Value(new), Substr("path", len(old) + 1)))


def _insert_grants(subject: int, object: int, marks: Collection[tuple[Permission, bool]]) -> None:
    rows = [(subject, object, str(permission), denied) for permission, denied in sorted(marks)]
    bulk.insert(Grant, rows, ["subject", "object", "permission", "deny"])


def _metadata_row(entity: int, key: str, place: int, value: Any) -> Metadata:
    match value:
        case datetime():
            if value.tzinfo is None:
                raise BadInput("A time says its zone.", key=key)
            return Metadata(
                entity_id=entity, key=key, position=place, text=value.isoformat(), time=value
            )
        case bool():
            raise BadInput("A metadata value is text, a number or a time.", key=key)
        case int() | float():
            number = float(value) if abs(value) < 1e300 else None
            if number is None or number != number:
                raise BadInput("This number is too large.", key=key)
            return Metadata(
                entity_id=entity, key=key, position=place, text=str(value), number=number
            )
        case str() if _encodable(value):
            return Metadata(entity_id=entity, key=key, position=place, text=value)
    raise BadInput("A metadata value is text, a number or a time.", key=key)


def _encodable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= each <= "\udfff" for each in text)
