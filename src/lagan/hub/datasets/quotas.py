"""Quotas of groups: set, shown, counted again. A quota counts every dataset beneath its group;
each group above counts them too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum, Value
from django.db.models.functions import Substr

from lagan.hub.audit import services as audit
from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.datasets.counting import Standing, note_level, standings
from lagan.hub.datasets.models import REMOVED, Dataset, Quota, QuotaChange
from lagan.hub.datasets.recounting import fold, recount
from lagan.hub.datasets.rules import LEVELS, level_reached, levels_of
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.hub.tree.rules import WIDTH, beneath
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.steps import Context

LARGEST = 2**63 - 1
"""What a column of the database holds."""


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """A quota as a list shows it. `bytes` and `files` are what is allowed, None without a limit;
    `level` is the highest warning level that is reached, 100 when it is full, else 0."""

    group: int
    name: str
    path: str
    bytes: int | None
    files: int | None
    used_bytes: int
    used_files: int
    levels: Sequence[int]
    level: int
    counted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What lies in one entity directly beneath a group, all of it together."""

    id: int
    name: str
    type: str
    bytes: int
    files: int


@transaction.atomic
def set_quota(
    *,
    by: Actor,
    group: int,
    bytes: int | None,
    files: int | None,
    levels: Sequence[int] = LEVELS,
) -> QuotaRow:
    """What the datasets beneath the group may take together; None is no limit. Needs GROUP_CHANGE
    on the group's parent: nobody sets the bounds of their own. BadInput for odd numbers."""
    for name, value in (("bytes", bytes), ("files", files)):
        if value is not None and not 0 <= value <= LARGEST:
            raise BadInput(f"A quota of {name} is a whole number from 0.", field=name)
    if bytes is None and files is None:
        raise BadInput("A quota limits bytes, files or both; or remove it.", field="bytes")
    if len(levels) > 9 or any(not 1 <= each <= 99 for each in levels):
        raise BadInput("Warning levels are up to nine, 1 to 99 percent.", field="levels")
    _require_governing(by, group)
    words = ",".join(str(each) for each in sorted(set(levels)))
    values = {"bytes": bytes, "files": files, "levels": words, "reached": 0}
    Quota.objects.update_or_create(pk=group, defaults=values)
    data = {"bytes": bytes, "files": files, "levels": sorted(set(levels))}
    audit.record(kind=Kind.QUOTA_SET, by=by, subject=group, data=data)
    recount(group)
    _settle_level(group)
    return quota(SYSTEM, group)


@transaction.atomic
def clear_quota(*, by: Actor, group: int) -> None:
    """No limit of its own any more; needs what `set_quota` needs. NotFound without one."""
    _require_governing(by, group)
    if not Quota.objects.filter(pk=group).exists():
        raise NotFound("This group has no quota of its own.", group=group)
    Quota.objects.filter(pk=group).delete()
    audit.record(kind=Kind.QUOTA_CLEARED, by=by, subject=group)


@transaction.atomic
def recount_quota(*, by: Actor, group: int) -> tuple[int, int]:
    """Count again what lies beneath the group; by how many bytes and files it was off, which is
    recorded when it is not nothing. Needs what `set_quota` needs."""
    if not by.is_system:
        _require_governing(by, group)
    if not Quota.objects.filter(pk=group).exists():
        raise NotFound("This group has no quota of its own.", group=group)
    counted = Quota.objects.filter(pk=group).exclude(counted_at=None).exists()
    off = recount(group)
    if off != (0, 0) and counted:
        data = {"bytes": off[0], "files": off[1]}
        audit.record(kind=Kind.QUOTA_RECOUNTED, by=by, subject=group, data=data)
    _settle_level(group)
    return off


def quotas(actor: Actor, *, after: str | None = None, size: int = 50) -> Page[QuotaRow]:
    """Quotas of the groups that the actor sees, in the order of the tree."""
    rows = Quota.objects.filter(tree.within(tree.visible(actor, "GROUP"), "group__path"))
    page = page_by_key(rows.select_related("group"), keys=("group__path",), after=after, size=size)
    return Page(_rows([each.pk for each in page.items]), page.next)


def quota(actor: Actor, group: int) -> QuotaRow:
    """The quota of a group that the actor sees. NotFound without one."""
    tree_services.require_sight(actor=actor, entity=group)
    for row in _rows([group]):
        return row
    raise NotFound("This group has no quota of its own.", group=group)


def above(actor: Actor, entity: int) -> list[QuotaRow]:
    """The quotas that bind an entity which the actor sees: of it and of every group above."""
    tree_services.require_sight(actor=actor, entity=entity)
    return _rows(tree.ancestry(tree.path_of_entity(entity) or ""))


def pressing(entity: int) -> QuotaRow | None:
    """Of the quotas that bind an entity the one nearest to its end, if a warning level of it is
    reached. Asks no permission: whoever sees the entity is concerned."""
    line = tree.ancestry(tree.path_of_entity(entity) or "")
    warned = Quota.objects.filter(pk__in=line, reached__gt=0).values_list("pk", flat=True)
    rows = [each for each in _rows(list(warned)) if each.level]
    return max(rows, key=lambda each: each.level, default=None)


def parts(actor: Actor, group: int, *, most: int = 200) -> list[Part]:
    """What lies in each entity directly beneath the group, largest first. Reads every dataset
    beneath it: for a page that somebody opened, not for a list."""
    found = tree_services.require_sight(actor=actor, entity=group)
    low, high = beneath(found.path)
    rows = (
        Dataset.objects.filter(entity__path__gte=low, entity__path__lt=high)
        .exclude(state=REMOVED)
        .annotate(step=Substr("entity__path", Value(len(found.path) + 1), Value(WIDTH)))
        .values_list("step")
        .annotate(size=Sum("bytes"), files=Sum("file_count"))
        .order_by("-size")[:most]
    )
    sums = {int(step, 16): (int(size), int(files)) for step, size, files in rows}
    seen = _seen(actor, sums)
    return [Part(each.id, each.name, each.type, *sums[each.id]) for each in seen]


def _seen(actor: Actor, ids: Iterable[int]) -> list[tree.EntityRow]:
    """Those of the entities that the actor may know of, in the order given."""
    rows = tree.rows(list(ids))
    sights = {kind: tree.visible(actor, kind) for kind in ("GROUP", "DATASET")}
    return [
        rows[each]
        for each in ids
        if each in rows and rows[each].path in sights.get(rows[each].type, sights["GROUP"])
    ]


def of_groups(groups: Sequence[int]) -> dict[int, QuotaRow]:
    """The quotas that groups have themselves, for who has seen the groups."""
    return {row.group: row for row in _rows(groups)}


def may_govern(actor: Actor, group: int) -> bool:
    """Whether the actor sets the group's quota."""
    row = tree.rows([group]).get(group)
    return row is not None and tree.may(actor, "GROUP_CHANGE", row.parent)


def react(events: Sequence[EventRow]) -> None:
    """Fold what came; count again where something went elsewhere or was removed."""
    moved = [each for each in events if each.kind != Kind.FILES_STORED]
    if any(each.kind == Kind.FILES_STORED for each in events):
        for group in QuotaChange.objects.values_list("quota", flat=True).distinct():
            fold(group)
    if moved:
        _recount_about(moved)


def _recount_about(events: Sequence[EventRow]) -> None:
    touched: set[int] = set()
    for each in events:
        named = [each.subject, each.data.get("from"), each.data.get("to")]
        ids = [one for one in named if isinstance(one, int)]
        for row in tree.rows(ids).values():
            touched.update(tree.ancestry(row.path))
    for group in Quota.objects.filter(pk__in=touched).values_list("pk", flat=True):
        recount(group)
        _settle_level(group)


REACTION = Reaction(
    "datasets.quotas",
    frozenset({Kind.FILES_STORED, Kind.DATASET_REMOVED, Kind.DATASET_RESTORED, Kind.ENTITY_MOVED}),
    react,
)


def plan_recount() -> None:
    """Have every quota counted again, if there are any."""
    if Quota.objects.exists():
        tasks = [TaskSpec(step="datasets.recount")]
        create_job(kind="datasets.recount", title="Count what groups use", by=SYSTEM, tasks=tasks)


def recount_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """The step: count every quota again; differences are named, and put into the record."""
    groups = list(Quota.objects.values_list("pk", flat=True).order_by("pk"))
    found = {group: recount_quota(by=SYSTEM, group=group) for group in groups}
    off = {str(group): list(each) for group, each in found.items() if each != (0, 0)}
    return {"counted": len(groups), "off": off}


def _require_governing(by: Actor, group: int) -> None:
    found = tree_services.require_sight(actor=by, entity=group)
    if found.type != "GROUP":
        raise BadInput(f"Only groups have quotas; {found.name} is a {found.type}.", group=group)
    if by.is_system or tree.may(by, "GROUP_CHANGE", found.parent_id):
        return
    tree_services.require(actor=by, permission="GROUP_CHANGE", entity=found.parent_id)


def _settle_level(group: int) -> None:
    """The level as it stands now, told when it is higher than it was."""
    each = standings([group])[group]
    now = _level(each)
    if now != each.reached:
        Quota.objects.filter(pk=group).update(reached=now)
        if now > each.reached:
            note_level(each, now)


def _level(each: Standing) -> int:
    return level_reached(
        levels_of(each.levels), (each.used_bytes, each.bytes), (each.used_files, each.files)
    )


def _rows(groups: Sequence[int]) -> list[QuotaRow]:
    found = standings(groups)
    paths = tree.full_path(list(found))
    when: dict[int, Any] = dict(
        Quota.objects.filter(pk__in=list(found)).values_list("pk", "counted_at")
    )
    return [
        QuotaRow(
            each.group, each.name, paths[each.group], each.bytes, each.files, each.used_bytes,
            each.used_files, levels_of(each.levels), _level(each), when[each.group],
        )
        for group in groups
        if (each := found.get(group))
    ]  # fmt: skip
