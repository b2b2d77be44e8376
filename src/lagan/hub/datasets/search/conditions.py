"""One condition of a search and the one way to write it: `KEY COMPARATOR [FILTER:]VALUE`; pure.

`.Sample = quartz`, `.Sample=quartz`, `.Note like *warm*`, `.Taken >= time:2020-01-01 08`,
`.Raw > size:100M`, `system.dataset.size > 100M`, `.Sample has`, or `.Sample` alone, which is the
same. A value in double quotes is taken as it is, its filter too: `.Note = "time: noon"`.
Source: seeds/dataset-archive.txt, "How to search for datasets".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.filters import read_moment, read_seconds, read_size, read_whole
from lagan.hub.datasets.search.keys import SYSTEM, Kind, SystemKey


class Comparator(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    LIKE = "like"
    UNLIKE = "not like"
    HAS = "has"
    LACKS = "has not"


class Filter(StrEnum):
    """What becomes of a value before it is compared."""

    AS_IS = "as-is"
    TIME = "time"
    SIZE = "size"


BOUNDS = frozenset(
    {Comparator.LESS, Comparator.AT_MOST, Comparator.MORE, Comparator.AT_LEAST}
)  # fmt: skip
NEGATIVE = frozenset({Comparator.UNEQUAL, Comparator.UNLIKE, Comparator.LACKS})
WITHOUT_VALUE = frozenset({Comparator.HAS, Comparator.LACKS})
_PATTERNS = frozenset({Comparator.LIKE, Comparator.UNLIKE})
LONGEST_KEY, LONGEST_VALUE = 200, 1000
"""Characters."""

_COMPARED: dict[Kind, frozenset[Comparator]] = {
    Kind.ID: frozenset(Comparator) - _PATTERNS - WITHOUT_VALUE,
    Kind.NAME: frozenset(Comparator) - WITHOUT_VALUE,
    Kind.CHOICE: frozenset({Comparator.EQUAL, Comparator.UNEQUAL}),
    Kind.SIZE: frozenset(Comparator) - _PATTERNS - WITHOUT_VALUE,
    Kind.COUNT: frozenset(Comparator) - _PATTERNS - WITHOUT_VALUE,
    Kind.TIME: frozenset(Comparator) - _PATTERNS,
    Kind.PLACE: frozenset(Comparator) - BOUNDS,
    Kind.WITHIN: frozenset({Comparator.EQUAL, Comparator.UNEQUAL}),
}
_FILTERS = {Kind.SIZE: Filter.SIZE, Kind.TIME: Filter.TIME}
_KEY = r"(?P<key>[A-Za-z0-9.-]{1,200})"
_WRITTEN = re.compile(
    rf"\s*{_KEY}\s*(?:(?P<sign>!=|<=|>=|=|<|>)|(?<=\s)(?P<word>not\s+like|like|has\s+not|has)"
    r"(?=\s|$))?(?P<value>.*)",
    re.DOTALL | re.IGNORECASE,
)
_FILTERED = re.compile(r"(time|size|as-is):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """A key, how it is compared, and with what. Made by `condition` or `read`, which check it."""

    key: str
    comparator: Comparator
    value: str
    filter: Filter

    @property
    def system(self) -> SystemKey | None:
        """The system's key, None for one of the metadata."""
        return SYSTEM.get(self.key)

    @property
    def written(self) -> str:
        """The condition as `read` reads it."""
        if self.comparator in WITHOUT_VALUE:
            return f"{self.key} {self.comparator}"
        value = self.value
        if value != value.strip() or not value or value[0] == '"' or _FILTERED.match(value):
            value = f'"{value}"'
        if self.filter is not usual_filter(self.key):
            value = f"{self.filter}:{value}"
        return f"{self.key} {self.comparator} {value}"


def usual_filter(key: str) -> Filter:
    """The filter of a key when none is named: that of its kind, or none."""
    known = SYSTEM.get(key)
    return _FILTERS.get(known.kind, Filter.AS_IS) if known else Filter.AS_IS


def read(text: str) -> Condition:
    """The condition that is written so. BadSearch."""
    if len(text) > LONGEST_KEY + LONGEST_VALUE + 40:
        raise BadSearch(f"A condition has at most {LONGEST_VALUE} characters.", field="where")
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise BadSearch(
            f"Not a condition: {text[:60]!r}. Write for example .Sample = quartz.", field="where"
        )
    value = found["value"].strip()
    word = " ".join((found["sign"] or found["word"] or "").lower().split())
    if not word:
        word = Comparator.EQUAL if value else Comparator.HAS
    named = _FILTERED.fullmatch(value)
    filter, value = (named[1], named[2].strip()) if named else (None, value)
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value, filter = value[1:-1], filter or Filter.AS_IS if found["key"] not in SYSTEM else None
    return condition(found["key"], word, value, filter)


def condition(key: str, comparator: str, value: str, filter: str | None = None) -> Condition:
    """A condition that is sound. BadSearch names what is not: the key, the comparator, the filter
    or the value."""
    if not re.fullmatch(_KEY, key):
        raise BadSearch(f"Not a key: {key[:60]!r}: letters, digits, dots, hyphens.", field="key")
    if not key.startswith(".") and key not in SYSTEM:
        raise BadSearch(
            f"{key} is not searched: open keys begin with a dot, those of the system are "
            f"{', '.join(SYSTEM)}.",
            field="key",
        )
    if comparator not in list(Comparator):
        raise BadSearch(
            f"{comparator[:20]!r} compares nothing: use {', '.join(Comparator)}.",
            field="comparator",
        )
    if filter and filter not in list(Filter):
        raise BadSearch(f"{filter[:20]!r} is no filter: {', '.join(Filter)}.", field="filter")
    made = Condition(
        key, Comparator(comparator), value, Filter(filter) if filter else usual_filter(key)
    )
    _judge(made)
    return made


def _judge(given: Condition) -> None:
    known = given.system
    if known and given.comparator not in _COMPARED[known.kind]:
        allowed = ", ".join(each for each in Comparator if each in _COMPARED[known.kind])
        raise BadSearch(f"{given.key} is compared by {allowed}.", field="comparator")
    if given.comparator in WITHOUT_VALUE:
        if given.value:
            raise BadSearch(f"{given.comparator} takes no value.", field="value")
        return
    _judge_value(given)
    if given.comparator in _PATTERNS and given.filter is not Filter.AS_IS:
        raise BadSearch("A pattern is compared as it is.", field="filter")
    if known:
        _judge_system(given, known)
    elif given.filter is Filter.TIME:
        read_moment(given.value)
    elif given.filter is Filter.SIZE:
        read_size(given.value)


def _judge_value(given: Condition) -> None:
    if len(given.value) > LONGEST_VALUE:
        raise BadSearch(f"A value has at most {LONGEST_VALUE} characters.", field="value")
    if "\x00" in given.value or any("\ud800" <= each <= "\udfff" for each in given.value):
        raise BadSearch(f"The value of {given.key} holds what no text has.", field="value")


def _judge_system(given: Condition, known: SystemKey) -> None:
    usual = usual_filter(given.key)
    if given.filter not in (usual, Filter.AS_IS):
        raise BadSearch(f"{given.key} takes the filter {usual}.", field="filter")
    match known.kind:
        case Kind.TIME:
            system_moment(given)
        case Kind.ID | Kind.COUNT | Kind.SIZE:
            system_number(given)
        case Kind.CHOICE if given.value not in known.choices:
            raise BadSearch(f"{given.key} is one of {', '.join(known.choices)}.", field="value")


def system_moment(given: Condition) -> datetime:
    """The moment that a key of the kind TIME is compared with; as it is, seconds since 1970."""
    return (read_moment if given.filter is Filter.TIME else read_seconds)(given.value)


def system_number(given: Condition) -> int:
    """The number that a key of the kind ID, COUNT or SIZE is compared with."""
    return (read_size if given.filter is Filter.SIZE else read_whole)(given.value)
