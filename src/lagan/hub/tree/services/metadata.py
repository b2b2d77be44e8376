"""The values of an entity's keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree.models import Metadata
from lagan.hub.tree.permissions import permission_to
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.kit.errors import BadInput, Forbidden

_KEY = re.compile(r"[A-Za-z0-9.-]{1,200}")


@transaction.atomic
def set_metadata(*, by: Actor, entity: int, values: Mapping[str, Sequence[Any]]) -> None:
    """Replace the values (text, numbers, times) of each key; none removes the key. Needs
    `<type>_CHANGE`. Keys are dotted; those that do not begin with a dot are the system's own."""
    for key in values:
        if not _KEY.fullmatch(key):
            raise BadInput("A metadata key is letters, digits, dots and hyphens.", key=key[:200])
        if not key.startswith(".") and not by.is_system:
            raise Forbidden(f"Only the system sets {key}; open keys begin with a dot.", key=key)
    kind = existing(entity).type
    require(actor=by, permission=permission_to("CHANGE", kind), entity=entity)
    locked(entity)
    Metadata.objects.filter(entity=entity, key__in=list(values)).delete()
    rows = [
        _metadata_row(entity, key, place, value)
        for key, each in values.items()
        for place, value in enumerate(each)
    ]
    Metadata.objects.bulk_create(rows)
    record(kind=Kind.METADATA_SET, by=by, subject=entity, data={"keys": sorted(values)})


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
