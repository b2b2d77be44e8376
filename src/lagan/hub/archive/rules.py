"""The archive's decisions, without a database: names of objects, health of files, sources, what to
compact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID

from lagan.kit.ids import new_id
from lagan.kit.names import safe_name

MIB = 1024 * 1024
SMALL = MIB
"""Bytes: files up to this size share packs where the storage set has packs."""
PACK = 256 * MIB
"""Bytes: no pack grows beyond this."""
SMALL_PACK = 32 * MIB
"""Bytes: packs below this are gathered into larger ones."""
RESERVE = 16 * MIB
"""Bytes kept free on every volume, so that journals and snapshots can still be written."""
DEAD = 0.3
"""Share of a pack's bytes that may be dead before it is compacted."""
BLOCK = 512
"""Bytes: a tar header or its padding; a live member costs at most `OVERHEAD` beyond its own
bytes."""
OVERHEAD = 4 * BLOCK
PARAMETERS = 5000
"""Values named in one statement at most: every database takes as many."""
T = TypeVar("T")

Status = Literal["good", "pending", "degraded", "lost"]


def file_object(id: UUID, name: str, at: datetime) -> str:
    """Where a file of its own lies on a volume: by the hour it arrived, readable without us."""
    return f"files/{at.astimezone(UTC):%Y/%m/%d/%H}/{id}-{safe_name(name.rpartition('/')[2])}"


def copy_object(id: UUID, name: str, at: datetime) -> str:
    """As `file_object`, for a further copy: never the same twice, since a killed attempt may have
    left one."""
    mark = new_id().hex[-8:]
    return (
        f"files/{at.astimezone(UTC):%Y/%m/%d/%H}/{id}-{mark}-{safe_name(name.rpartition('/')[2])}"
    )


def pack_object(id: UUID, at: datetime) -> str:
    """Where a pack lies on a volume."""
    return f"packs/{at.astimezone(UTC):%Y/%m/%d}/{id}.tar"


def is_pack(name: str) -> bool:
    """Whether an object holds several files."""
    return name.startswith("packs/") and name.endswith(".tar")


def uuid_in(name: str) -> UUID | None:
    """The file whose own object this is, read off its name; None for packs and foreign objects."""
    last = name.rpartition("/")[2]
    if not name.startswith("files/") or len(last) < 37 or last[36] != "-":
        return None
    try:
        return UUID(last[:36])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Copy:
    """What a decision must know of one replica: its volume, its last state, and whether the volume
    can be read."""

    volume: UUID
    state: str
    reachable: bool


def status(copies: Sequence[Copy], wanted: Collection[UUID]) -> Status:
    """How well a file is kept, given its copies and the volumes it is wanted on.

    `lost`: no copy that was not seen bad or missing. `degraded`: a copy is damaged or out of reach.
    `pending`: what there is is good, a wanted copy is still to be made.
    """
    if not any(each.state in ("good", "suspect") for each in copies):
        return "lost"
    if any(each.state != "good" or not each.reachable for each in copies):
        return "degraded"
    return "good" if set(wanted) <= {each.volume for each in copies} else "pending"


@dataclass(frozen=True, slots=True)
class PackFill:
    """One pack: its name, its size on the volume, the bytes and number of its live members."""

    object: str
    size: int
    live: int
    members: int


def wants_compacting(pack: PackFill) -> bool:
    """Whether enough of a pack is dead to write its live members anew."""
    used = pack.live + pack.members * OVERHEAD + 2 * BLOCK
    return pack.members == 0 or (pack.size - used) > DEAD * pack.size


def gather(packs: Iterable[PackFill], most: int = PACK) -> list[list[PackFill]]:
    """Which packs become one: those with much dead, and small ones where at least two fit
    together."""
    groups: list[list[PackFill]] = []
    group: list[PackFill] = []
    filled = 0
    chosen = (each for each in packs if each.size < SMALL_PACK or wants_compacting(each))
    for pack in sorted(chosen, key=lambda each: each.object):
        needs = pack.live + pack.members * OVERHEAD
        if group and filled + needs > most:
            groups.append(group)
            group, filled = [], 0
        group.append(pack)
        filled += needs
    if group:
        groups.append(group)
    return [each for each in groups if len(each) > 1 or wants_compacting(each[0])]


def slices(values: Iterable[T], size: int = PARAMETERS) -> Iterator[list[T]]:
    """The values in order, at most `size` at a time."""
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some
