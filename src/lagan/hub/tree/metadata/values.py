"""Keys and values: what may be one, and what a text is comparable as."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEY = re.compile(r"[A-Za-z0-9.-]{1,200}")
LONGEST_VALUE = 10_000
"""Characters of one value."""
MOST_VALUES = 1000
"""Values of one entity, all keys together."""
MOST_TEXT = 500_000
"""Characters of all values of one entity."""

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?"
)
_HALF = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,+Z-]{2,32})?")


@dataclass(frozen=True, slots=True)
class Value:
    """A value's text as it was given and, where it looks like one, the number or time it is
    compared as."""

    text: str
    number: float | None = None
    time: datetime | None = None


def is_open(key: str) -> bool:
    """Whether people may set and read the key: the others are the system's own."""
    return key.startswith(".")


def text_of(value: Any) -> str | None:
    """A text, number or time as the text that stands for it; None for anything else."""
    match value:
        case str():
            return value
        case datetime() if value.tzinfo is not None:
            return value.isoformat()
        case bool():
            return None
        case int() if abs(value) < 1e300:
            return str(value)
        case float() if math.isfinite(value) and abs(value) < 1e300:
            return repr(value)
    return None


def text_problem(text: str) -> str | None:
    """Why a text cannot be a value; None when it can."""
    if not text.strip():
        return "A value is not empty."
    if len(text) > LONGEST_VALUE:
        return f"A value has at most {LONGEST_VALUE} characters."
    return None if is_plain(text) else "A value is text, without the character NUL."


def is_plain(text: str) -> bool:
    """Whether every database and document can hold the text: no NUL, no halves of characters."""
    return "\x00" not in text and (text.isascii() or not _HALF.search(text))


def too_much(values: Mapping[str, Sequence[str]]) -> str | None:
    """Why these values are too many for one entity; None when they are not."""
    if sum(map(len, values.values())) > MOST_VALUES:
        return f"An entity has at most {MOST_VALUES} values."
    if sum(len(each) for some in values.values() for each in some) > MOST_TEXT:
        return f"The values of an entity have at most {MOST_TEXT} characters together."
    return None


def comparable(text: str) -> Value:
    """The text with its number, as in `-1.5e3`, or its time in UTC, as in `2026-11-22` or
    `2026-11-22T12:30:00+01:00` (ISO 8601; UTC where it names no zone)."""
    plain = text.strip()
    if _NUMBER.fullmatch(plain):
        number = float(plain)
        return Value(text, number if abs(number) < 1e300 else None)
    if _DATE.fullmatch(plain):
        return Value(text, time=_time(plain))
    return Value(text)


def _time(plain: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(plain)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
