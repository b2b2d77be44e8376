"""Lists are read page by page along a key; how far into the list a page lies costs nothing."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, Q, QuerySet

from lagan.kit.errors import BadInput

T = TypeVar("T")
M = TypeVar("M", bound=Model)

LARGEST = 1000
"""No page is longer than this, whatever is asked for: a page is built in memory."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor that brings those after them; None at the end."""

    items: list[T]
    next: str | None


def page_by_key(
    queryset: QuerySet[M], *, keys: Sequence[str], after: str | None = None, size: int = 50
) -> Page[M]:
    """The `size` rows after the cursor `after`, ordered by `keys`, of which the last must be unique
    and none null.

    A key with a leading minus runs downwards. BadInput for a cursor that this list did not make.
    """
    if size < 1:
        raise BadInput(f"A page has at least one row, not {size}.", size=size)
    size = min(size, LARGEST)
    rows = queryset.order_by(*keys)
    if after:
        rows = rows.filter(_beyond(keys, _decode(queryset.model, keys, after)))
    found = list(rows[: size + 1])
    more = len(found) > size
    items = found[:size]
    return Page(items, _encode([_value(items[-1], key) for key in keys]) if more else None)


def _beyond(keys: Sequence[str], values: Sequence[Any]) -> Q:
    """(a, b) > (x, y) spelt out, with a >= x in front so that the index on `a` is used."""
    result = Q()
    same = Q()
    for key, value in zip(keys, values, strict=True):
        name, compare = (key[1:], "lt") if key.startswith("-") else (key, "gt")
        result |= same & Q(**{f"{name}__{compare}": value})
        same &= Q(**{name: value})
    first, compare = (keys[0][1:], "lte") if keys[0].startswith("-") else (keys[0], "gte")
    return Q(**{f"{first}__{compare}": values[0]}) & result


def _value(row: Model, key: str) -> Any:
    value: Any = row
    for name in key.lstrip("-").split("__"):
        value = getattr(value, name)
    return value


def _encode(values: Sequence[Any]) -> str:
    text = json.dumps(values, cls=_Exact, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class _Exact(DjangoJSONEncoder):
    """Times with all their microseconds; Django's own encoder cuts them to thousandths."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _decode(model: type[Model], keys: Sequence[str], cursor: str) -> list[Any]:
    refusal = BadInput("This cursor was not made by this list.", cursor=cursor[:100])
    try:
        values = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        raise refusal from None
    if not isinstance(values, list) or len(values) != len(keys) or not all(map(_is_plain, values)):
        raise refusal
    try:
        return [_typed(model, key, value) for key, value in zip(keys, values, strict=True)]
    except (ValidationError, ValueError, TypeError, OverflowError):
        raise refusal from None


def _is_plain(value: Any) -> bool:
    """Whether a database takes it: no null, no structure, no NUL or lone surrogate, nothing
    infinite."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _typed(model: type[Model], key: str, value: Any) -> Any:
    field: Field[Any, Any] | None = None
    for name in key.lstrip("-").split("__"):
        try:
            found = model._meta.get_field(name)
        except FieldDoesNotExist:
            return value  # an annotation: it is compared as it came
        if found.related_model and not isinstance(found.related_model, str):
            model = found.related_model
        field = found if isinstance(found, Field) else None
    return field.to_python(value) if field else value
