"""The small files that a site keeps about itself beneath `.lagan/`: rows, and lines of the volumes'
journals, so that they outlive the database."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base import locks
from lagan.hub.targets.models import Participant, TargetNote
from lagan.hub.targets.sharing import readable
from lagan.kit.errors import NotFound, TooLarge
from lagan.kit.ids import new_id
from lagan.store.journal import NoteLine
from lagan.store.layout import check_own

KIND = "target-note"
"""Of the journal's lines about notes."""
LARGEST = 1 << 20
"""Bytes of a note."""
_SOME = 900


@dataclass(frozen=True, slots=True)
class Change:
    """A note that is written as a whole; or gets `data` added, or goes (None)."""

    name: str
    data: bytes | None
    add: bool = False


def write(owner: Participant, changes: Sequence[Change]) -> list[bool]:
    """Make the changes in their order, all of them or none, and return when they last; whether
    there was a note before each."""
    for each in changes:
        if len(each.data or b"") > LARGEST:
            raise TooLarge(f"A note has at most {LARGEST} bytes.", limit=LARGEST)
        check_own(each.name)
    now = timezone.now()
    with locks.turn("catalogue"), transaction.atomic():
        names = {each.name for each in changes}
        rows = {row.name: row for row in _rows(owner, names)}
        there = [_apply(owner, each, rows, now) for each in changes]
        _save(owner, rows, names, now)
        archive.note_everywhere(notes=[_line(owner, each, now) for each in changes])
    return there


def read(owner: Participant, name: str) -> TargetNote:
    """The newest note of that name that the site may read. NotFound."""
    rows = TargetNote.objects.filter(owner__in=readable(owner), name=check_own(name))
    if (row := rows.order_by("-noted_at", "-pk").first()) is None:
        raise NotFound(f"Not there: {name}.", name=name)
    return row


def listed(owner: Participant, prefix: str, after: str, size: int) -> list[tuple[str, int, float]]:
    """Names, bytes and times (seconds since the epoch) of the site's own notes whose names begin
    so, behind `after`, by name."""
    rows = TargetNote.objects.filter(owner=owner, name__gte=prefix, name__gt=after).order_by("name")
    found = rows.values_list("name", "data", "noted_at")[:size]
    return [
        (name, len(data), at.timestamp()) for name, data, at in found if name.startswith(prefix)
    ]


def adopt(owner: Participant, data: dict[str, Any], told: datetime) -> None:
    """Take in what a journal says of a note, unless the row is newer."""
    row = TargetNote.objects.filter(owner=owner, name=data["name"]).first()
    if row is not None and row.noted_at >= told:
        return
    raw = data["data"]
    change = Change(data["name"], None if raw is None else base64.b64decode(raw), data["add"])
    rows = {} if row is None else {row.name: row}
    _apply(owner, change, rows, told)
    _save(owner, rows, {change.name}, told)


def _rows(owner: Participant, names: set[str]) -> Iterator[TargetNote]:
    wanted = sorted(names)
    for start in range(0, len(wanted), _SOME):
        rows = TargetNote.objects.select_for_update().filter(owner=owner)
        yield from rows.filter(name__in=wanted[start : start + _SOME])


def _apply(owner: Participant, change: Change, rows: dict[str, TargetNote], now: datetime) -> bool:
    row = rows.get(change.name)
    if change.data is None:
        rows.pop(change.name, None)
    elif row is None:
        rows[change.name] = TargetNote(owner=owner, name=change.name, data=change.data)
    else:
        row.data = bytes(row.data) + change.data if change.add else change.data
    if change.name in rows:
        rows[change.name].noted_at = now
    return row is not None


def _save(owner: Participant, rows: dict[str, TargetNote], names: set[str], now: datetime) -> None:
    gone = sorted(names - rows.keys())
    for start in range(0, len(gone), _SOME):
        TargetNote.objects.filter(owner=owner, name__in=gone[start : start + _SOME]).delete()
    new = [row for row in rows.values() if row.pk is None]
    old = [row for row in rows.values() if row.pk is not None and row.noted_at == now]
    TargetNote.objects.bulk_create(new, batch_size=200)
    TargetNote.objects.bulk_update(old, ["data", "noted_at"], batch_size=200)


def _line(owner: Participant, change: Change, now: datetime) -> NoteLine:
    # With an id: what is added twice is two lines, and not one that is there twice.
    raw = None if change.data is None else base64.b64encode(change.data).decode()
    about = {"target": owner.target.name, "site": owner.site, "id": new_id().hex}
    told = {"name": change.name, "data": raw, "add": change.add, "told": now.isoformat()}
    return NoteLine(KIND, {**about, **told}, now.timestamp())
