"""What is to be looked at in a check of a node's disks, the oldest look first; and what was seen,
written in a transaction for many.

A check goes in rounds: some files of every disk, so that disks work side by side. Whoever was
looked at since the check began does not come again, so it can break off at any time and go on after
a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.catalogue import Key, key_of
from lagan.hub.doors.node.models import Disk, Proof, StoredFile

ROUND = 200
"""Files of a disk in a round: they are in memory, and their rows are written at once."""

Item = tuple[StoredFile, Proof | None]


@dataclass(slots=True)
class DiskQueue:
    """The files of one disk that were not looked at since `since`: first those of which we know
    nothing, then the others by age."""

    disk_id: str
    since: datetime
    _last: tuple[str, int] | None = None
    _all_known: bool = False

    def next_round(self) -> list[Item]:
        """Some more; empty at the end. What the last round gave must be written before."""
        if not self._all_known:
            rows = list(self._unknown()[:ROUND])
            if rows:
                self._last = (rows[-1].file_id, int(rows[-1].file_version))
                return [(each, None) for each in rows]
            self._all_known = True
        return self._aged()

    def _unknown(self) -> QuerySet[StoredFile]:
        proof = Proof.objects.filter(
            disk_id=self.disk_id,
            file_id=OuterRef("file_id"),
            file_version=OuterRef("file_version"),
        )
        rows = catalogue.on_disk(self.disk_id).filter(~Exists(proof))
        if self._last is not None:
            id, version = self._last
            rows = rows.filter(Q(file_id__gt=id) | Q(file_id=id, file_version__gt=version))
        return rows.order_by("file_id", "file_version")

    def _aged(self) -> list[Item]:
        while proofs := self._oldest():
            rows = _rows_of(self.disk_id, proofs)
            gone = [each for each in proofs if key_of(each) not in rows]
            # Another program took the row away and does not know of ours.
            for each in gone:
                Proof.objects.filter(pk=each.pk).delete()
            if rows:
                found = ((rows.get(key_of(each)), each) for each in proofs)
                return [(row, proof) for row, proof in found if row is not None]
        return []

    def _oldest(self) -> list[Proof]:
        all_of_disk = Proof.objects.filter(disk_id=self.disk_id)
        never = list(all_of_disk.filter(checked_at=None)[:ROUND])
        if never:
            return never
        return list(all_of_disk.filter(checked_at__lt=self.since).order_by("checked_at")[:ROUND])


def _rows_of(disk_id: str, proofs: Sequence[Proof]) -> dict[Key, StoredFile]:
    wanted = {key_of(each) for each in proofs}
    rows = catalogue.on_disk(disk_id).filter(file_id__in={id for id, _, _ in wanted})
    return {key_of(each): each for each in rows if key_of(each) in wanted}


def interleaved(rounds: Sequence[Sequence[Item]]) -> Iterator[Item]:
    """One of each disk in turn."""
    for place in range(max(map(len, rounds), default=0)):
        for each in rounds:
            if place < len(each):
                yield each[place]


@dataclass(slots=True)
class Seen:
    """Copies that were in order, to be noted together."""

    keys: dict[str, list[Key]] = field(default_factory=dict)

    def add(self, row: StoredFile) -> None:
        """One more."""
        self.keys.setdefault(row.disk_id, []).append(key_of(row))

    def write(self, now: datetime) -> None:
        """Note when they were looked at, inside the caller's transaction."""
        for disk_id, keys in self.keys.items():
            for start in range(0, len(keys), ROUND):
                _note(disk_id, keys[start : start + ROUND], now)
        self.keys.clear()


def _note(disk_id: str, keys: Sequence[Key], now: datetime) -> None:
    versions: dict[int, list[str]] = {}
    for id, version, _ in keys:
        versions.setdefault(version, []).append(id)
    for version, ids in versions.items():
        Proof.objects.filter(disk_id=disk_id, file_version=version, file_id__in=ids).update(
            checked_at=now
        )


def totals(disks: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Files and bytes of disks, as the catalogue counts them."""
    rows = Disk.objects.filter(pk__in=disks)
    return {each.disk_id: (each.number_of_files, each.bytes_stored) for each in rows}
