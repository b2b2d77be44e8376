"""Files that their owners no longer want go, with every copy: first their rows, then lines and
bytes, so that a kill in between leaves only what the sweep removes."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from lagan.hub.archive import rules
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services.copies import drop
from lagan.kit.errors import LaganError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gone:
    """A copy whose row is gone: its line in the journal of a volume, and its object there."""

    volume: UUID
    line: UUID
    object: str


def remove_files(*, files: Sequence[UUID]) -> list[Gone]:
    """Take files and all their copies out of the catalogue, in the caller's transaction; `let_go`
    of what this returns once that has committed. Only for who owns them: nothing else asks."""
    gone: list[Gone] = []
    for some in rules.slices(files):
        rows = Replica.objects.filter(file__in=some)
        gone += [Gone(*row) for row in rows.values_list("volume", "line", "object")]
        File.objects.filter(pk__in=some).delete()
    return gone


def let_go(gone: Sequence[Gone]) -> None:
    """Void the lines and remove the objects; of a pack the bytes stay until it is compacted. What
    cannot be done now, because a volume is away, the sweep does."""
    by_volume: dict[UUID, list[Gone]] = defaultdict(list)
    for each in gone:
        by_volume[each.volume].append(each)
    for row in Volume.objects.filter(pk__in=by_volume):
        try:
            drop(row, [(each.line, each.object) for each in by_volume[row.pk]])
        except LaganError as error:
            _log.warning("%s waits for the sweep: %s", row.name, error.sentence)
