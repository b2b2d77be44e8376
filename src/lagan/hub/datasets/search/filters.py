"""What people write for a moment or a size in bytes, read exactly and refused by name.

Source: seeds/dataset-archive.txt, "How to search for datasets": the filters "Unix DateTime" and
"Byte Size".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from lagan.hub.datasets.search.errors import BadSearch

LARGEST_SIZE = 2**63 - 1
"""Bytes: no file or dataset is larger, and no database counts further."""
_LONGEST = 60
"""Characters of a moment, a size or a number."""

_MOMENT = re.compile(
    r"(\d{4})(?:[- ](\d{1,2})(?:[- ](\d{1,2})"
    r"(?:[T ] *(\d{1,2})(?:[: ](\d{1,2})(?:[: ](\d{1,2})(?:[.,](\d{1,6}))?)?)?"
    r"( *[+-]\d{2}(?::?\d{2})?)?)?)?)? *Z?",
    re.ASCII | re.IGNORECASE,
)
_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+) *([KMGTPE]?)B?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_EXACT_DIGITS = 15
"""A number of more digits is a name: as a float it would equal its neighbours."""


def read_moment(text: str) -> datetime:
    """The moment, in UTC, that a whole or partial date names; what is left out is its beginning.

    `2020`, `2020-01`, `2020-01-01`, `2020-01-01 08`, `2020-01-01 06:00`, `2020 01 01 06 00 00`,
    `2020-01-01T11:00:00.25Z`, `2020-01-01 06:00+01:00`; UTC unless a zone is given. BadSearch.
    """
    found = _MOMENT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise BadSearch(
            f"Not a moment: {text[:_LONGEST]!r}. Write for example 2020-01-01 or "
            "2020-01-01T11:00:00Z.",
            field="value",
        )
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(n) if n else None for n in numbers)
    micro = int((fraction or "").ljust(6, "0"))
    try:
        local = datetime(
            year or 0, _or(month, 1), _or(day, 1), hour or 0, minute or 0, second or 0, micro,
            tzinfo=_zone(zone),
        )  # fmt: skip
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadSearch(f"Not a moment: {text!r}: {error}.", field="value") from None


def _or(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number


def _zone(text: str | None) -> timezone:
    if not text:
        return UTC
    digits = text.strip().replace(":", "")
    minutes = int(digits[1:3]) * 60 + int(digits[3:] or 0)
    return timezone(timedelta(minutes=-minutes if digits[0] == "-" else minutes))


def read_size(text: str) -> int:
    """Bytes from `512`, `100M`, `1.5 GB`: K, M, G, T, P, E with or without B, in powers of ten.
    BadSearch, also for more than 2^63 - 1 and for a part of a byte."""
    found = _SIZE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise BadSearch(
            f"Not a size in bytes: {text[:_LONGEST]!r}. Write for example 512, 100M or 1.5 GB.",
            field="value",
        )
    number, letter = found.groups()
    size = Decimal(number).scaleb(_POWERS[letter.upper()])
    if size > LARGEST_SIZE:
        raise BadSearch(f"{text!r} is more bytes than there can be.", field="value")
    if size != int(size):
        raise BadSearch(f"{text!r} is not a whole number of bytes.", field="value")
    return int(size)


def read_whole(text: str) -> int:
    """A whole number of at most 18 digits. BadSearch."""
    if not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
        raise BadSearch(f"Not a whole number: {text[:_LONGEST]!r}.", field="value")
    return int(text)


def read_seconds(text: str) -> datetime:
    """The moment so many seconds after the beginning of 1970. BadSearch."""
    number = as_number(text)
    if number is None:
        raise BadSearch(f"Not a number of seconds: {text[:_LONGEST]!r}.", field="value")
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    except OverflowError:
        raise BadSearch(f"There is no moment {text[:_LONGEST]!r}.", field="value") from None


def as_number(text: str) -> float | None:
    """The number that a text is, None when it is none or has more digits than a float tells
    apart."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text.strip()):
        return None
    mantissa = text.strip().lower().partition("e")[0]
    if sum(each.isdigit() for each in mantissa.lstrip("+-0.")) > _EXACT_DIGITS:
        return None
    number = float(text)
    return number if abs(number) < 1e300 else None
