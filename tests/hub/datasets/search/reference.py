"""What a search finds, written down naively: every dataset is looked at, every value compared."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lagan.hub.datasets.search.asking import Query
from lagan.hub.datasets.search.conditions import Condition
from lagan.hub.datasets.search.filters import as_number, read_moment, read_size
from lagan.hub.tree.metadata.values import comparable


@dataclass
class Group:
    id: int
    name: str
    path: str
    names: str


@dataclass
class Sample:
    """A dataset as plain values."""

    id: int
    name: str
    group: Group
    state: str = "open"
    size: int = 0
    owner: str = "owner"
    closed: datetime | None = None
    metadata: dict[str, list[str]] = field(default_factory=dict)
    readable: bool = True
    metadata_readable: bool = True


SIGNS = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def found(query: Query, samples: Sequence[Sample]) -> list[int]:
    tells = bool(query.text) or any(each.key.startswith(".") for each in query.conditions)
    fitting = [
        each
        for each in samples
        if each.readable
        and (each.metadata_readable or not tells)
        and (query.removed or each.state != "removed")
        and spoken(query.text, each)
        and meets(query, each)
    ]
    keys = {
        "newest": lambda each: -each.id,
        "oldest": lambda each: each.id,
        "name": lambda each: (each.name, each.id),
        "largest": lambda each: (-each.size, -each.id),
        "smallest": lambda each: (each.size, each.id),
    }
    return [each.id for each in sorted(fitting, key=keys[query.order])]


def spoken(text: str, sample: Sample) -> bool:
    every = [sample.name, *(value for some in sample.metadata.values() for value in some)]
    known = {word for each in every for word in parts(each)}
    return all(
        any(word.startswith(sought[:-1]) for word in known)
        if sought.endswith("*")
        else sought in known
        for sought in re.findall(r"[^\W_]+\*?", unicodedata.normalize("NFKC", text).casefold())
    )


def parts(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def meets(query: Query, sample: Sample) -> bool:
    if not query.conditions:
        return True
    if query.any:
        return any(holds([each], sample) for each in query.conditions)
    groups: dict[object, list[Condition]] = {}
    for each in query.conditions:
        bound = each.comparator in ("<", "<=", ">", ">=")
        kind = (each.key, each.filter, as_number(each.value) is None) if bound else each
        groups.setdefault(kind, []).append(each)
    return all(holds(group, sample) for group in groups.values())


def holds(group: Sequence[Condition], sample: Sample) -> bool:
    first = group[0]
    if first.key.startswith("system."):
        return all(system_holds(each, sample) for each in group)
    values = sample.metadata.get(first.key, [])
    match first.comparator:
        case "has":
            return bool(values)
        case "has not":
            return not values
        case "!=":
            return bool(values) and not any(fits([first], "=", each) for each in values)
        case "like":
            return any(like(first.value, each) for each in values)
        case "not like":
            return bool(values) and not any(like(first.value, each) for each in values)
    return any(fits(group, None, each) for each in values)


def like(pattern: str, text: str) -> bool:
    plain = re.sub(r"[\[\]?]", lambda m: f"[{m[0]}]", pattern.casefold())
    return fnmatch.fnmatchcase(text.casefold(), plain)


def fits(group: Sequence[Condition], sign: str | None, text: str) -> bool:
    """Whether one way of comparing meets all bounds with this one value."""
    ways = [ways_of(each, sign or each.comparator, text) for each in group]
    return any(all(way) for way in zip(*ways, strict=True))


def ways_of(given: Condition, sign: str, text: str) -> list[bool]:
    value, compare = comparable(text), SIGNS[sign]

    def against(own: object, other: object) -> bool:
        return own is not None and compare(own, other)

    if given.filter == "time":
        moment = read_moment(given.value)
        return [against(value.time, moment), against(value.number, moment.timestamp())]
    if given.filter == "size":
        return [against(value.number, read_size(given.value))]
    number = as_number(given.value)
    by_text = against(text, given.value)
    if number is None:
        return [by_text]
    return [against(value.number, number)] + ([by_text] if sign == "=" else [])


def system_holds(given: Condition, sample: Sample) -> bool:
    match given.key.removeprefix("system.dataset."):
        case "name":
            own: object = sample.name
            sought: object = given.value
        case "status":
            own, sought = sample.state, given.value
        case "size":
            own, sought = sample.size, read_size(given.value)
        case "id":
            own, sought = sample.id, int(given.value)
        case "time.closed":
            own = sample.closed
            sought = read_moment(given.value) if given.value else None
        case "owner":
            own, sought = sample.owner, given.value
        case "group":
            own, sought = sample.group.name, given.value
            if given.value.startswith("/"):
                own = sample.group.names
        case "within":
            inside = sample.group.names == given.value or sample.group.names.startswith(
                given.value + "/"
            )
            return inside if given.comparator == "=" else not inside
    match given.comparator:
        case "has":
            return own is not None
        case "has not":
            return own is None
        case "!=":
            return own is not None and own != sought
        case "like":
            return like(given.value, str(own))
        case "not like":
            return not like(given.value, str(own))
    return own is not None and SIGNS[given.comparator](own, sought)


NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
