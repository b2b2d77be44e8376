"""Reading the tree: who may, which ones may they, what can they see, where is it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models.functions import Length

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree.closure import marks_of as marks_of
from lagan.hub.tree.closure import read, roles_sql
from lagan.hub.tree.explaining import Chain as Chain
from lagan.hub.tree.explaining import Explanation as Explanation
from lagan.hub.tree.explaining import PermissionRow as PermissionRow
from lagan.hub.tree.explaining import columns as columns
from lagan.hub.tree.explaining import subjects as subjects
from lagan.hub.tree.explaining import why as why
from lagan.hub.tree.holders import Holder as Holder
from lagan.hub.tree.holders import who as who
from lagan.hub.tree.models import Entity, Metadata
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import ids_in
from lagan.hub.tree.spans import is_everywhere as is_everywhere
from lagan.hub.tree.spans import within as within
from lagan.hub.tree.telling import Insight as Insight
from lagan.hub.tree.telling import Named as Named
from lagan.hub.tree.telling import ToldChain as ToldChain
from lagan.hub.tree.telling import ToldExplanation as ToldExplanation
from lagan.hub.tree.telling import ToldHolder as ToldHolder
from lagan.hub.tree.telling import ToldRole as ToldRole
from lagan.hub.tree.telling import ToldRow as ToldRow
from lagan.hub.tree.telling import ToldStep as ToldStep
from lagan.hub.tree.telling import tell_columns as tell_columns
from lagan.hub.tree.telling import tell_granted as tell_granted
from lagan.hub.tree.telling import tell_granted_groups as tell_granted_groups
from lagan.hub.tree.telling import tell_roles as tell_roles
from lagan.hub.tree.telling import tell_subjects as tell_subjects
from lagan.hub.tree.telling import tell_who as tell_who
from lagan.hub.tree.telling import tell_why as tell_why
from lagan.hub.tree.templates.aggregate import EffectiveTemplate as EffectiveTemplate
from lagan.hub.tree.templates.effective import effective_template as effective_template
from lagan.hub.tree.templates.effective import policy as policy
from lagan.hub.tree.templates.fields import Field as Field
from lagan.hub.tree.tops import tops as tops
from lagan.hub.tree.visibility import allowed as allowed
from lagan.hub.tree.visibility import allowed_any as allowed_any
from lagan.hub.tree.visibility import full_path as full_path
from lagan.hub.tree.visibility import holds as holds
from lagan.hub.tree.visibility import holds_any as holds_any
from lagan.hub.tree.visibility import may as may
from lagan.hub.tree.visibility import path_of_entity as path_of_entity
from lagan.hub.tree.visibility import permissions_on as permissions_on
from lagan.hub.tree.visibility import readable_logs as readable_logs
from lagan.hub.tree.visibility import sees as sees
from lagan.hub.tree.visibility import subject_permissions as subject_permissions
from lagan.hub.tree.visibility import visible as visible


def roles(entity_id: int) -> frozenset[int]:
    """The ids of all roles of an entity: itself, its ancestors, its groups, and theirs in turn."""
    return frozenset(row[0] for row in read(f"{roles_sql()} SELECT id FROM roles", [entity_id]))  # noqa: S608


def visible_entities(
    actor: Actor,
    type: str,
    *,
    parent: int | None = None,
    after: str | None = None,
    size: int = 50,
    text: str = "",
) -> Page[Entity]:
    """A page, by name, of the entities of a type that the actor sees; those beneath `parent`
    directly, or with `text` in their names."""
    rows = Entity.objects.filter(within(visible(actor, type)), type=type)
    if parent is not None:
        rows = rows.filter(parent=parent).exclude(id=parent)
    if text:
        rows = rows.filter(name__icontains=text.replace("\x00", ""))
    return page_by_key(rows, keys=("name", "id"), after=after, size=size)


def permitted(
    actor: Actor, type: str, permission: Permission | str, *, size: int = 200
) -> list[tuple[int, str]]:
    """The first `size` entities of a type at which the actor holds the permission, as id and full
    path, by the path: what a form offers to choose from."""
    rows = Entity.objects.filter(within(allowed(actor, permission)), type=type)
    paths = full_path(list(rows.order_by("name", "id").values_list("id", flat=True)[:size]))
    return sorted(paths.items(), key=lambda each: each[1])


def find(*, type: str, name: str, parent: int | None = None) -> int | None:
    """The id of the entity of this type and name, in the group `parent` or anywhere: then the
    topmost, oldest one. Asks no permission."""
    rows = Entity.objects.filter(type=type, name=name.strip().replace("\x00", "\ufffd"))
    if parent is not None:
        rows = rows.filter(parent=parent)
    ranked = rows.annotate(depth=Length("path")).order_by("depth", "id")
    return ranked.values_list("id", flat=True).first()


def namesakes(*, type: str, name: str, limit: int) -> list[int]:
    """The ids of up to `limit` entities of a type that have exactly this name. Asks no
    permission."""
    rows = Entity.objects.filter(type=type, name=name.replace("\x00", "\ufffd")).order_by("id")
    return list(rows.values_list("id", flat=True)[:limit])


def child(*, type: str, name: str, parent: int | None) -> int | None:
    """The id of the entity of this type and name directly in the group `parent`; without a parent,
    of the root when that is its name. Asks no permission."""
    if parent is None:
        root = Entity.objects.order_by("path").values_list("id", "name").first()
        return root[0] if root and root[1] == name else None
    rows = Entity.objects.filter(type=type, name=name.replace("\x00", "\ufffd"), parent=parent)
    return rows.exclude(id=parent).values_list("id", flat=True).first()


def children_of(
    parents: Collection[int], *, type: str, name: str | None = None, size: int
) -> list[EntityRow]:
    """The first `size` entities of a type directly in some groups, by name; with exactly this name
    where one is given. Asks no permission."""
    found = Entity.objects.filter(parent__in=parents, type=type)
    if name is not None:
        found = found.filter(name=name.replace("\x00", "\ufffd"))
    columns = found.order_by("name", "id").values_list("id", "type", "name", "parent_id", "path")
    return [EntityRow(*each) for each in columns[:size]]


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An entity as a value; the root is its own parent."""

    id: int
    type: str
    name: str
    parent: int
    path: str


def rows(ids: Collection[int]) -> dict[int, EntityRow]:
    """Those of the entities that are there, by id, in one reading. Asks no permission."""
    known = [each for each in ids if abs(each) < 2**63]
    found = Entity.objects.filter(id__in=known)
    return {
        row[0]: EntityRow(*row)
        for row in found.values_list("id", "type", "name", "parent_id", "path")
    }


def ancestry(path: str) -> list[int]:
    """The ids from the root down to the entity of this path."""
    return list(ids_in(path))


def grants_on(object: int) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Who has marks of its own at the object: subject to what is granted and what is denied
    there."""
    found: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id, permission, deny FROM tree_grant WHERE object_id = %s", [object]
        )
        for subject, permission, deny in cursor.fetchall():
            found[subject][1 if deny else 0].add(permission)
    return {
        subject: (frozenset(granted), frozenset(denied))
        for subject, (granted, denied) in found.items()
    }


def groups_for(
    actor: Actor, permission: Permission | str, *, text: str = "", size: int = 50
) -> list[Entity]:
    """The first groups, by name, on which the actor holds the permission; with `text` in their
    names. What a form offers to pick from."""
    rows = Entity.objects.filter(within(allowed(actor, permission)), type="GROUP")
    if text:
        rows = rows.filter(name__icontains=text.replace("\x00", ""))
    return page_by_key(rows, keys=("name", "id"), size=size).items


def people_to_name(actor: Actor, text: str, *, size: int = 20) -> list[EntityRow]:
    """Users and groups to give something to: those that the actor sees with `text` in their names,
    and those that have exactly this name, seen or not."""
    if not text.strip():
        return []
    exact = named_exactly(text)
    seen = [
        each
        for kind in ("USER", "GROUP")
        for each in visible_entities(actor, kind, text=text.strip(), size=size).items
    ]
    found = {each.id: each for each in (*exact, *seen)}
    return [
        EntityRow(each.id, each.type, each.name, each.parent_id, each.path)
        for each in list(found.values())[:size]
    ]


def named_exactly(name: str, types: Collection[str] = ("USER", "GROUP")) -> list[Entity]:
    """The entities of these types that have exactly this name, oldest first; at most ten. Asks no
    permission: who knows a name in full may share with whom it names."""
    clean = name.strip().replace("\x00", "\ufffd")
    return list(Entity.objects.filter(type__in=types, name=clean).order_by("id")[:10])


def members_page(group: int, *, after: str | None = None, size: int = 50) -> Page[Entity]:
    """A page, by name, of the entities that were made members of the group. The caller has asked
    for leave to see them."""
    rows = Entity.objects.filter(memberships__group=group)
    return page_by_key(rows, keys=("name", "id"), after=after, size=size)


def groups_of(entity: int) -> list[Entity]:
    """The groups that the entity was made a member of, by name. Asks no permission."""
    return list(Entity.objects.filter(members__member=entity).order_by("name", "id"))


def members(group: int) -> list[Entity]:
    """The entities that were made members of the group, by name."""
    return list(Entity.objects.filter(memberships__group=group).order_by("name", "id"))


def metadata(entity: int) -> dict[str, list[str]]:
    """The values of each key, in their order, as the texts that were given; system keys too. The
    caller has asked METADATA_READ."""
    result: dict[str, list[str]] = defaultdict(list)
    rows = Metadata.objects.filter(entity=entity).order_by("key", "position")
    for key, text in rows.values_list("key", "text"):
        result[key].append(text)
    return dict(result)


def metadata_of(
    entities: Collection[int], keys: Collection[str]
) -> dict[int, dict[str, list[str]]]:
    """As `metadata`, the values of some keys of several entities, in one reading."""
    result: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = Metadata.objects.filter(entity__in=entities, key__in=keys).order_by("key", "position")
    for entity, key, text in rows.values_list("entity_id", "key", "text"):
        result[entity][key].append(text)
    return {entity: dict(each) for entity, each in result.items()}
