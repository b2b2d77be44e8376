"""What a policy would do, or has chosen to do, told in sums that stay small however many files
there are: by age, size, owner and folder, and what is left where it is and why; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lagan.hsm.policy.selection import Candidate

DAY = 86400.0
AGES = (30, 90, 180, 365, 730, 1825)
"""Days that part the classes of age; the last class is open."""
SIZES = (10**6, 16 * 10**6, 256 * 10**6, 4 * 10**9)
"""Bytes that part the classes of size; the last class is open."""
SHOWN = 20
"""Owners, and folders, that are told one by one; the others together."""
ENDS = 5
"""Files that are named as the first and the last."""


@dataclass(slots=True)
class Tally:
    """Some files: how many, their bytes, the bytes of disk that moving them frees."""

    files: int = 0
    size: int = 0
    frees: int = 0

    def add(self, files: int, size: int, frees: int) -> None:
        """Count some more."""
        self.files += files
        self.size += size
        self.frees += frees

    def as_json(self) -> dict[str, int]:
        """As reports have it."""
        return {"files": self.files, "bytes": self.size, "frees": self.frees}


@dataclass(slots=True)
class LeftOut:
    """What was seen and is left where it is, by the reason."""

    by_reason: dict[str, Tally] = field(default_factory=dict)

    def add(self, reason: str, size: int = 0, files: int = 1, frees: int = 0) -> None:
        """Count a file, or some."""
        self.by_reason.setdefault(reason, Tally()).add(files, size, frees)

    def as_json(self) -> dict[str, dict[str, int]]:
        """The most files first."""
        ordered = sorted(self.by_reason.items(), key=lambda each: -each[1].files)
        return {reason: tally.as_json() for reason, tally in ordered}


def report(
    chosen: Sequence[Candidate],
    left_out: LeftOut,
    filesystems: Sequence[Mapping[str, Any]],
    owner_name: Callable[[int], str],
    limited: bool,
) -> dict[str, Any]:
    """The whole report, in what JSON can hold. `chosen` has the best first; `limited`: another run
    would find more that is wanted."""
    whole = Tally(len(chosen), sum(e.size for e in chosen), sum(e.frees for e in chosen))
    return {
        **whole.as_json(),
        "limited": limited,
        "filesystems": [dict(each) for each in filesystems],
        "by_age": _classes(chosen, lambda e: _class_of(e.unread / DAY, AGES), AGES),
        "by_size": _classes(chosen, lambda e: _class_of(e.size, SIZES), SIZES),
        "by_owner": _named(chosen, lambda each: owner_name(each.owner)),
        "by_folder": _named(chosen, lambda each: each.folder),
        "first": [_told(each) for each in chosen[:ENDS]],
        "last": [_told(each) for each in chosen[-ENDS:]],
        "left_out": left_out.as_json(),
    }


def _class_of(value: float, bounds: Sequence[float]) -> int:
    return sum(value >= bound for bound in bounds)


def _classes(
    chosen: Sequence[Candidate], which: Callable[[Candidate], int], bounds: Sequence[float]
) -> list[dict[str, Any]]:
    """Every class, also those that nothing is in: from `least`, below `most`."""
    tallies = [Tally() for _ in range(len(bounds) + 1)]
    for each in chosen:
        tallies[which(each)].add(1, each.size, each.frees)
    edges = [0, *bounds, None]
    return [
        {"least": edges[place], "below": edges[place + 1], **tally.as_json()}
        for place, tally in enumerate(tallies)
    ]


def _named(chosen: Sequence[Candidate], name: Callable[[Candidate], str]) -> list[dict[str, Any]]:
    """Sums under names, what frees most first; what is beyond `SHOWN` together under null."""
    tallies: dict[str, Tally] = {}
    for each in chosen:
        tallies.setdefault(name(each), Tally()).add(1, each.size, each.frees)
    ordered = sorted(tallies.items(), key=lambda each: (-each[1].frees, -each[1].size, each[0]))
    told: list[dict[str, Any]] = [
        {"name": name, **tally.as_json()} for name, tally in ordered[:SHOWN]
    ]
    if rest := ordered[SHOWN:]:
        others = Tally()
        for _, tally in rest:
            others.add(tally.files, tally.size, tally.frees)
        told.append({"name": None, **others.as_json()})
    return told


def _told(each: Candidate) -> dict[str, Any]:
    return {"path": each.path, "bytes": each.size, "frees": each.frees, "unread": each.unread}
