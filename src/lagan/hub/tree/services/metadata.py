"""The values of an entity's keys are set, copied and taken in; each act is remembered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.metadata import values as rules
from lagan.hub.tree.metadata.differences import Difference, differences
from lagan.hub.tree.models import Entity, Metadata, MetadataChange, Type
from lagan.hub.tree.permissions import permission_to
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.hub.tree.services.watching import tell
from lagan.hub.tree.templates.aggregate import EffectiveTemplate
from lagan.hub.tree.templates.compliance import Reason, filled, reasons
from lagan.hub.tree.templates.effective import of_entity
from lagan.kit.errors import Forbidden

Guard = Callable[[int], None]
Texts = dict[str, list[str]]
_GUARDS: dict[str, list[Guard]] = {}


def register_guard(type: str, check: Guard) -> None:
    """Let a room above refuse changes of the metadata of its entities: `check(entity)` raises when
    nothing may change any more. Called at start-up."""
    _GUARDS.setdefault(Type(type), []).append(check)


@transaction.atomic
def set_metadata(*, by: Actor, entity: int, values: Mapping[str, Sequence[Any]]) -> None:
    """Replace the values (texts, numbers, times) of each key given; none removes the key. Needs
    `<type>_CHANGE`.

    The whole that results must be what the effective template asks, else NotCompliant with every
    reason; mandatory keys take their first default. Keys are dotted; those that do not begin with
    a dot are the system's own (Forbidden).
    """
    found = _changeable(by, entity)
    _refuse_system_keys(by, values)
    _write(by, found, _texts(values))


@transaction.atomic
def replace_metadata(*, by: Actor, entity: int, values: Mapping[str, Sequence[Any]]) -> None:
    """Make these all of the entity's open metadata; else as `set_metadata`."""
    found = _changeable(by, entity)
    _refuse_system_keys(by, values)
    gone: Texts = {key: [] for key in queries.metadata(entity) if rules.is_open(key)}
    _write(by, found, {**gone, **_texts(values)})


@transaction.atomic
def copy_metadata(
    *, by: Actor, source: int, target: int, keys: Collection[str] | None = None
) -> list[str]:
    """Give the target the source's values of `keys` (all of its open ones unless given) and say
    which were copied. Needs `<type>_METADATA_READ` on the source and `<type>_CHANGE` on the target.
    A persistent key that the target has set stays as it is."""
    origin = existing(source)
    require(actor=by, permission=permission_to("METADATA_READ", origin.type), entity=source)
    found = _changeable(by, target)
    fields, present = of_entity(found.path, found.type).fields, queries.metadata(target)
    fixed = {key for key in present if key in fields and fields[key].persistent}
    chosen = {
        key: each
        for key, each in queries.metadata(source).items()
        if rules.is_open(key) and key not in fixed and (keys is None or key in keys)
    }
    _write(by, found, chosen)
    return sorted(chosen)


def preview_metadata(
    *, by: Actor, entity: int, values: Mapping[str, Sequence[Any]], replace: bool = False
) -> tuple[list[Difference], list[Reason]]:
    """What `set_metadata` (or, with `replace`, `replace_metadata`) would change, and why it would
    be refused; changes nothing. Needs what they need."""
    found = existing(entity)
    require(actor=by, permission=permission_to("CHANGE", found.type), entity=entity)
    before = queries.metadata(entity)
    gone: Texts = {key: [] for key in before if replace and rules.is_open(key)}
    try:
        given = _texts(values)
        after = _whole(of_entity(found.path, found.type), before, {**gone, **given})
    except NotCompliant as refusal:
        raw = {key: [str(each) for each in some] for key, some in values.items()}
        return differences(before, {**before, **gone, **raw}), refusal.reasons
    return differences(before, after), []


def first_metadata(
    effective: EffectiveTemplate, values: Mapping[str, Sequence[Any]] | None
) -> Texts:
    """What a new entity gets: the values given, mandatory defaults, and the system's keys as the
    templates lay them down. NotCompliant."""
    given = _texts(values or {})
    system = [key for key in given if not rules.is_open(key)]
    if system:
        raise NotCompliant(
            [Reason(key, "Only the system sets this key.", "system-key") for key in system]
        )
    whole = _whole(effective, {}, given)
    laid_down = {
        key: list(field.defaults)
        for key, field in effective.fields.items()
        if not field.is_open and field.defaults
    }
    return {**laid_down, **whole}


def insert_metadata(by: Actor, entities: Sequence[Entity], values: Texts) -> None:
    """The first metadata of new entities, and its history."""
    rows = [row for each in entities for row in _rows(each.id, values)]
    Metadata.objects.bulk_create(rows, batch_size=5000)
    given = differences({}, {key: each for key, each in values.items() if rules.is_open(key)})
    now = timezone.now()
    changes = (change for each in entities for change in _changes(by, each.id, given, now))
    MetadataChange.objects.bulk_create(changes, batch_size=5000)


def _changeable(by: Actor, entity: int) -> Entity:
    kind = existing(entity).type
    require(actor=by, permission=permission_to("CHANGE", kind), entity=entity)
    found = locked(entity)
    for check in _GUARDS.get(found.type, ()):
        check(entity)
    return found


def _refuse_system_keys(by: Actor, values: Mapping[str, Sequence[Any]]) -> None:
    for key in values:
        if rules.KEY.fullmatch(key) and not rules.is_open(key) and not by.is_system:
            raise Forbidden(f"Only the system sets {key}; open keys begin with a dot.", key=key)


def _texts(values: Mapping[str, Sequence[Any]]) -> Texts:
    """The values as texts, or NotCompliant for keys and values that no entity can have."""
    wrong: list[Reason] = []
    result: Texts = {}
    for key, each in values.items():
        if not rules.KEY.fullmatch(key):
            sentence = "A key is 1 to 200 letters, digits, dots and hyphens."
            wrong.append(Reason(key[:200], sentence, "bad-key"))
            continue
        texts = [rules.text_of(value) for value in each]
        result[key] = [text for text in texts if text is not None]
        wrong += [Reason(key, sentence, "bad-value") for sentence in _problems(texts)]
    if not wrong and (too_much := rules.too_much(result)):
        wrong.append(Reason("", too_much, "too-much"))
    if wrong:
        raise NotCompliant(wrong)
    return result


def _problems(texts: Sequence[str | None]) -> list[str]:
    found = [
        "A value is text, a number or a time with its zone."
        if text is None
        else rules.text_problem(text)
        for text in texts
    ]
    return list(dict.fromkeys(each for each in found if each is not None))


def _whole(effective: EffectiveTemplate, before: Texts, given: Texts) -> Texts:
    """All metadata after `given` is set, or NotCompliant."""
    after = filled(effective.fields, {**before, **given})
    wrong = reasons(effective.fields, after, before)
    if too_much := rules.too_much(after):
        wrong.append(Reason("", too_much, "too-much"))
    if wrong:
        raise NotCompliant(wrong)
    return after


def _write(by: Actor, entity: Entity, given: Texts) -> None:
    before = queries.metadata(entity.id)
    after = _whole(of_entity(entity.path, entity.type), before, given)
    changes = differences(before, after)
    if not changes:
        return
    Metadata.objects.filter(entity=entity, key__in=[each.key for each in changes]).delete()
    Metadata.objects.bulk_create(
        _rows(entity.id, {each.key: list(each.after) for each in changes}), batch_size=5000
    )
    tell(entity.type, [entity.id])
    _remember(by, entity.id, changes)
    keys = sorted(each.key for each in changes)
    record(kind=Kind.METADATA_SET, by=by, subject=entity.id, data={"keys": keys})


def _remember(by: Actor, entity: int, changes: Sequence[Difference]) -> None:
    MetadataChange.objects.bulk_create(_changes(by, entity, changes, timezone.now()))


def _changes(
    by: Actor, entity: int, changes: Sequence[Difference], now: datetime
) -> list[MetadataChange]:
    return [
        MetadataChange(
            entity_id=entity,
            at=now,
            by_id=by.entity,
            key=each.key,
            before=list(each.before),
            after=list(each.after),
        )
        for each in changes
    ]


def _rows(entity: int, values: Texts) -> list[Metadata]:
    rows = []
    for key, texts in values.items():
        for place, text in enumerate(texts):
            value = rules.comparable(text)
            rows.append(
                Metadata(
                    entity_id=entity,
                    key=key,
                    position=place,
                    text=text,
                    number=value.number,
                    time=value.time,
                )
            )
    return rows
