"""Whether the record is still the one that the volumes know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lagan.hub.archive import services as archive
from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.evidence.anchors import Disagreement, compare, read
from lagan.hub.evidence.keys import public_keys
from lagan.store import Damage, NoteLine


@dataclass(slots=True)
class Anchors:
    """What the volumes' anchors say: how many there are on which volumes, the first that disagrees
    with the record, how many were set aside since which event (an older database was put back, or
    the catalogue was made anew), lines that cannot be read, volumes that could not be."""

    checked: int = 0
    volumes: list[str] = field(default_factory=list)
    disagreement: Disagreement | None = None
    set_aside: int = 0
    since: EventRow | None = None
    damaged: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same in JSON's words."""
        found = self.disagreement
        told: dict[str, Any] = {"checked": self.checked, "volumes": self.volumes}
        told |= {"damaged": self.damaged, "away": self.away, "set_aside": self.set_aside}
        told["set_aside_by"] = self.since.id if self.since and self.set_aside else None
        if found is None:
            return told | {"disagreement": None}
        place = {"against": found.against, "after": found.after, "sequence": found.sequence}
        place |= {"at": found.at.isoformat(), "volumes": found.volumes}
        return told | {"disagreement": place}


def check_anchors() -> Anchors:
    """Compare the record with the anchors on every volume that can be read. Its memory grows with
    the number of anchors."""
    report, lines = Anchors(), []
    for volume, line in archive.anchors():
        if isinstance(line, NoteLine):
            lines.append((volume, line))
        elif isinstance(line, Damage):
            report.damaged.append(f"{volume}: {line.place}, line {line.line}: {line.reason}")
        else:
            report.away.append(volume)
    found = read(lines, str(archive.hub_id()), public_keys())
    report.checked, report.volumes = len(found), sorted({name for name, _ in lines})
    report.since = _set_aside()
    aside: datetime | None = report.since.at if report.since else None
    seals = audit.seals({each.sequence for each in found})
    head, _ = audit.head()
    report.disagreement, report.set_aside = compare(found, seals, head, aside)
    return report


def _set_aside() -> EventRow | None:
    """The last event after which older anchors need not agree."""
    kinds = (Kind.ANCHORS_SET_ASIDE, Kind.CATALOGUE_REBUILT)
    found = [row for row in map(audit.latest, kinds) if row is not None]
    return max(found, key=lambda row: row.id, default=None)
