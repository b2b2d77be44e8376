"""Quotas in the transaction that attaches files: refuse what a group has no room for, note what
came, tell when a level is reached.

What came is appended, never added to a shared row: uploads of one group do not wait for each other.
Two transactions at the same moment do not see each other's files, so a group can exceed its quota
by what was in flight when it was reached, and by no more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import bulk
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets.errors import OverQuota
from lagan.hub.datasets.models import Dataset, Entry, Quota, QuotaChange
from lagan.hub.datasets.recounting import recount
from lagan.hub.datasets.rules import level_reached, levels_of
from lagan.hub.tree import queries as tree


@dataclass(slots=True)
class Standing:
    """A quota and what is used of it, as this transaction sees it; None allows any amount."""

    group: int
    name: str
    bytes: int | None
    files: int | None
    used_bytes: int
    used_files: int
    levels: str
    reached: int
    came_bytes: int = 0
    came_files: int = 0


class Ledger:
    """The quotas above some datasets, in the transaction that is open."""

    def __init__(self, datasets: Collection[int]) -> None:
        """Read them once: one query where no group above has a quota."""
        above = above_of(datasets)
        found = standings({group for groups in above.values() for group in groups})
        self._above = {
            dataset: [found[each] for each in groups if each in found]
            for dataset, groups in above.items()
        }
        self._standings = found

    def __bool__(self) -> bool:
        """Whether any quota binds these datasets."""
        return bool(self._standings)

    def refusal(self, dataset: int, *, files: int, size: int) -> OverQuota | None:
        """Which group has no room for a file; None when it may come."""
        said = (refuses(each, files=files, size=size) for each in self._above.get(dataset, ()))
        return next((each for each in said if each is not None), None)

    def take(self, dataset: int, *, files: int, size: int) -> OverQuota | None:
        """Count a file that becomes part of the dataset, or say which group has no room for it."""
        if refusal := self.refusal(dataset, files=files, size=size):
            return refusal
        for each in self._above.get(dataset, ()):
            each.came_files += files
            each.came_bytes += size
        return None

    def write(self) -> None:
        """Note what came."""
        came = [each for each in self._standings.values() if each.came_bytes or each.came_files]
        rows = [(each.group, each.came_bytes, each.came_files) for each in came]
        bulk.insert(QuotaChange, rows, ["quota", "bytes", "files"])
        for each in came:
            _tell(each)


def above_of(datasets: Collection[int]) -> dict[int, list[int]]:
    """The groups above each dataset, from the root; for no dataset when there is no quota at
    all."""
    if not Quota.objects.exists():
        return {}
    rows = Dataset.objects.filter(pk__in=datasets).values_list("pk", "entity__path")
    return {pk: tree.ancestry(path)[:-1] for pk, path in rows}


def standings(groups: Collection[int]) -> dict[int, Standing]:
    """The quotas among these groups, each with what is used: one statement, so that a fold in
    between counts nothing twice."""
    if not groups:
        return {}
    for group in Quota.objects.filter(pk__in=groups, counted_at=None).values_list("pk", flat=True):
        recount(group)
    rows = Quota.objects.filter(pk__in=groups).annotate(
        all_bytes=F("used_bytes") + Coalesce(Sum("changes__bytes"), 0),
        all_files=F("used_files") + Coalesce(Sum("changes__files"), 0),
    )
    columns = ("pk", "group__name", "bytes", "files", "all_bytes", "all_files", "levels", "reached")
    # PostgreSQL sums whole numbers to decimal ones.
    return {
        pk: Standing(pk, name, size, files, int(used_size), int(used_files), levels, reached)
        for pk, name, size, files, used_size, used_files, levels, reached in rows.values_list(
            *columns
        )
    }


def refuses(each: Standing, *, files: int, size: int) -> OverQuota | None:
    """Why a group takes so much no more; None when it does."""
    for what, allowed, used, more in (
        ("bytes", each.bytes, each.used_bytes + each.came_bytes, size),
        ("files", each.files, each.used_files + each.came_files, files),
    ):
        if allowed is not None and more and used + more > allowed:
            return OverQuota(
                f"The group {each.name} may have {allowed} {what}, and has {used}.",
                group=each.group,
                name=each.name,
                of=what,
                allowed=allowed,
                used=used,
            )
    return None


def check_room(*, dataset: int, path: str, size: int) -> None:
    """Refuse before a byte is taken what could not be attached now: OverQuota. What may prove to
    be there already is let through: the transaction that attaches it knows."""
    ledger = Ledger([dataset])
    if not ledger:
        return
    known = Entry.objects.filter(dataset=dataset, path=path).values_list("size", flat=True).first()
    if known != size and (refusal := ledger.refusal(dataset, files=int(known is None), size=size)):
        raise refusal


def _tell(each: Standing) -> None:
    """An event when these files reach a level that was not reached before."""
    now = level_reached(
        levels_of(each.levels),
        (each.used_bytes + each.came_bytes, each.bytes),
        (each.used_files + each.came_files, each.files),
    )
    if now > each.reached:
        risen = Quota.objects.filter(pk=each.group, reached__lt=now)
        if risen.update(reached=now):
            note_level(each, now)


def note_level(each: Standing, level: int) -> None:
    """Put into the record that a group uses so much, in percent, of what it may."""
    data = {"level": level, "bytes": each.bytes, "files": each.files}
    data |= {
        "used_bytes": each.used_bytes + each.came_bytes,
        "used_files": each.used_files + each.came_files,
    }
    audit.record(kind=Kind.QUOTA_WARNED, by=SYSTEM, subject=each.group, data=data)
