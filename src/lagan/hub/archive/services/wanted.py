"""On which volumes a file is wanted: all of its storage set that are meant to keep files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from lagan.hub.archive.models import Replica, Volume, VolumeRole, VolumeState


def wanted_volumes(volumes: Iterable[Volume]) -> dict[int, set[UUID]]:
    """Of each storage set, the volumes on which each of its files is wanted."""
    wanted: dict[int, set[UUID]] = {}
    for each in volumes:
        if each.set_id is not None and each.state not in (
            VolumeState.DRAINING,
            VolumeState.RETIRED,
        ):
            wanted.setdefault(each.set_id, set()).add(each.id)
    return wanted


def set_of(rows: Iterable[Replica], volumes: Mapping[UUID, Volume]) -> int | None:
    """The storage set a file belongs to: that of its main copy, else of any copy."""
    homes = [volumes[row.volume_id] for row in rows]
    homes.sort(key=lambda each: each.role != VolumeRole.MAIN)
    return next((each.set_id for each in homes if each.set_id is not None), None)
