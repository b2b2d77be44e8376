"""Every byte is looked at again: objects of a volume are read once each and compared with the
catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import Q

from lagan.hub.archive import rules
from lagan.hub.archive.errors import VolumeAway
from lagan.hub.archive.models import Depth, File, Replica, Volume
from lagan.hub.archive.services.marking import Look, mark
from lagan.hub.archive.services.volumes import open_store, present
from lagan.kit.digests import SHA256, digests_of
from lagan.kit.errors import LaganError
from lagan.store import Finding, Part, Throttle, verify_parts
from lagan.store import Volume as StoreVolume
from lagan.store.quiet import read_quietly

INTERVAL = timedelta(days=30)
"""Within this time every copy is read again."""


@dataclass(slots=True)
class Scrubbed:
    """What a scrub saw: objects, bytes, and the files of copies that are not good."""

    objects: int = 0
    bytes: int = 0
    damaged: set[UUID] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)


def scrub(
    volume: Volume,
    objects: Sequence[str],
    *,
    depth: Literal["crc", "full"] = "crc",
    rate: Throttle | None = None,
    progress: Callable[[int, int], object] = lambda objects, bytes: None,
) -> Scrubbed:
    """Look at every copy in each object, and mark what was found.

    `progress` is told the numbers of objects and bytes so far. VolumeAway, with nothing marked, if
    the
    volume goes away meanwhile: then nothing that was found says anything of its copies.
    """
    scrubbed = Scrubbed()
    store = open_store(volume)
    for some in rules.slices(objects, 200):
        for name, rows in _rows(volume, some).items():
            looks = _look(store, volume, name, rows, depth, rate)
            damaged = mark(volume, looks, Depth.FULL if depth == "full" else Depth.CRC)
            scrubbed.objects += 1
            scrubbed.bytes += sum(each.finding.read for each in looks)
            scrubbed.damaged |= {each.file_id for each in damaged}
            progress(scrubbed.objects, scrubbed.bytes)
    return scrubbed


def _rows(volume: Volume, objects: Sequence[str]) -> dict[str, list[Replica]]:
    found: dict[str, list[Replica]] = {}
    rows = Replica.objects.filter(volume=volume, object__in=objects).select_related("file")
    for row in rows.order_by("object", "offset"):
        found.setdefault(row.object, []).append(row)
    return found


def _look(
    store: StoreVolume,
    volume: Volume,
    name: str,
    rows: Sequence[Replica],
    depth: Literal["crc", "full"],
    rate: Throttle | None,
) -> list[Look]:
    parts: dict[tuple[int, int], list[Replica]] = {}
    for row in rows:
        parts.setdefault((row.offset, row.length), []).append(row)
    asked = [Part(*place, some[0].file.digests) for place, some in parts.items()]
    looks = [
        Look(row, finding)
        for part, finding in verify_parts(store, name, asked, depth=depth, rate=rate)
        for row in parts[part.offset, part.length]
    ]
    if any(each.finding.state in ("missing", "unreachable") for each in looks):
        _require(volume)
    looks = [_grown(store, name, each) for each in looks]
    if depth == "full":
        _add_sha256(store, looks)
    return looks


def _require(volume: Volume) -> None:
    if not present(volume):
        raise VolumeAway(f"The volume {volume.name} is not at its place.", volume=volume.name)


def _grown(store: StoreVolume, name: str, look: Look) -> Look:
    """A file's own object that has become longer is damaged too, though its first bytes are
    right."""
    if rules.is_pack(name) or not look.finding.good:
        return look
    try:
        size = store.stat(name).size
    except LaganError:
        return look
    if size == look.replica.offset + look.replica.length:
        return look
    reason = f"the object has {size} bytes instead of {look.replica.length}"
    return Look(look.replica, Finding("damaged", ("size",), look.finding.read, reason))


def _add_sha256(store: StoreVolume, looks: Sequence[Look]) -> None:
    """Files that came in with BLAKE3 only get their SHA-256 at their first full look that was
    good."""
    for each in looks:
        row = each.replica
        if each.finding.good and row.file.sha256 is None:
            pieces = read_quietly(store, row.object, row.offset, row.length)
            taken = digests_of(pieces, {SHA256})
            if (taken.size, taken.crc32c) == (row.file.size, row.file.crc32c):
                File.objects.filter(id=row.file_id, sha256=None).update(sha256=taken.sha256)


def objects_of(volume: Volume) -> Iterator[str]:
    """The names of all objects of a volume that copies lie in, in order."""
    names = (
        Replica.objects.filter(volume=volume).order_by("object").values_list("object", flat=True)
    )
    yield from names.distinct().iterator(chunk_size=2000)


def due_objects(volume: Volume, *, interval: timedelta = INTERVAL) -> Iterator[str]:
    """The objects whose copies were last seen longer ago than nearly `interval`, the oldest look
    first."""
    before = datetime.now(UTC) - interval * 0.9
    rows = Replica.objects.filter(Q(verified_at__lt=before) | Q(verified_at=None), volume=volume)
    given: set[str] = set()
    for name in rows.order_by("verified_at").values_list("object", flat=True).iterator():
        if name not in given:
            given.add(name)
            yield name
