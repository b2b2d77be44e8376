"""The keys that a search knows besides the open ones: what the system says of a dataset, as
columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lagan.hub.datasets.models import AUTOMATED, CLOSED, EXPIRED, MANUAL, OPEN, REMOVED


class Kind(StrEnum):
    """What a system key holds, and so what its conditions are compared with."""

    ID = "id"
    NAME = "name"
    CHOICE = "choice"
    SIZE = "size"
    COUNT = "count"
    TIME = "time"
    PLACE = "place"
    """An entity, by its id, its name or, for a group, its path."""
    WITHIN = "within"


@dataclass(frozen=True, slots=True)
class SystemKey:
    """A key of the system: the column that holds it (d: the dataset, e: its entity)."""

    name: str
    kind: Kind
    column: str
    choices: tuple[str, ...] = ()
    """The values there are, or the one type of entity that a PLACE is."""


PREFIX = "system.dataset."
STATES = (OPEN, CLOSED, EXPIRED, REMOVED)

_KEYS = (
    SystemKey("id", Kind.ID, "e.id"),
    SystemKey("name", Kind.NAME, "e.name"),
    SystemKey("status", Kind.CHOICE, "d.state", STATES),
    SystemKey("type", Kind.CHOICE, "d.type", (MANUAL, AUTOMATED)),
    SystemKey("size", Kind.SIZE, "d.bytes"),
    SystemKey("files", Kind.COUNT, "d.file_count"),
    SystemKey("time.created", Kind.TIME, "d.created_at"),
    SystemKey("time.closed", Kind.TIME, "d.closed_at"),
    SystemKey("time.expired", Kind.TIME, "d.expires_at"),
    SystemKey("time.removed", Kind.TIME, "d.removed_at"),
    SystemKey("creator", Kind.PLACE, "d.owner_id", ("USER",)),
    SystemKey("owner", Kind.PLACE, "d.owner_id", ("USER",)),
    SystemKey("computer", Kind.PLACE, "d.computer_id", ("COMPUTER",)),
    SystemKey("group", Kind.PLACE, "e.parent_id", ("GROUP",)),
    SystemKey("within", Kind.WITHIN, "e.path", ("GROUP",)),
)
SYSTEM: Mapping[str, SystemKey] = {PREFIX + each.name: each for each in _KEYS}
"""By full name; `creator` and `owner` are two names of one, as the seed has both. `within` holds
for a dataset anywhere beneath a group, `group` for one directly in it."""
