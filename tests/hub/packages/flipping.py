"""Single bits are flipped in stored packages, many at once, and a day passes."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lagan.hub.archive.models import Replica
from lagan.hub.archive.queries import locations
from lagan.hub.audit.models import Event
from lagan.hub.audit.queries import as_row
from lagan.hub.datasets.services import Arrival, attach
from lagan.hub.jobs.models import Job
from lagan.hub.packages import fixity, services
from lagan.hub.packages.depositing import arrived
from lagan.hub.packages.models import Package
from lagan.kit.digests import digests_of
from tests.hub.archive.shelf import Archive
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot


@dataclass(frozen=True, slots=True)
class Bit:
    """A bit that was flipped: of which package, on which volume, and which of the zip's bits."""

    package: int
    volume: str
    number: int


class Flipper:
    """Packages whose zips are whole objects, and as many that lie together in a pack."""

    def __init__(self, depot: Depot, rng: random.Random, count: int) -> None:
        self.depot, self.rng = depot, rng
        data = [bag_zip({"data/r": rng.randbytes(rng.randrange(1500))}) for _ in range(count)]
        half = count // 2
        rows = [depot.deposit(each) for each in data[:half]]
        rows += self._packed(data[half:])
        depot.work()
        self.packages = {row.pk: each for row, each in zip(rows, data, strict=True)}

    def _packed(self, data: Sequence[bytes]) -> list[Package]:
        """As small files come in a batch: stored in one pack, each the zip of a package."""
        owner, name = self.depot.people.owner, "small.zip"
        rows = [
            services.begin_deposit(by=owner, name="small", file_name=name, group=self.depot.team)
            for _ in data
        ]
        files = Archive(self.depot.root).store(data, packed=True)
        arrivals = [
            Arrival(row.pk, name, id, digests_of([each]), 1)
            for row, id, each in zip(rows, files, data, strict=True)
        ]
        with transaction.atomic():
            attach(arrivals, at=timezone.now())
        for row in rows:
            arrived(row.pk)
        return rows

    def flip(self, volume: str) -> list[Bit]:
        """One bit of every package's copy on a volume."""
        stored = self._stored()
        rows = Replica.objects.filter(file__in=stored, volume__name=volume, state="good")
        flipped = []
        for row in rows:
            number = self.rng.randrange(row.length * 8)
            _flip(self.depot.root / volume / row.object, row.offset * 8 + number)
            flipped.append(Bit(stored[row.file_id], volume, number))
        assert len(flipped) == len(self.packages), "every package has a good copy there"
        return flipped

    def wait_a_month(self) -> int:
        """All of them are due, and a round looks at them; the last event before it."""
        last = Event.objects.order_by("-id").values_list("id", flat=True).first()
        Package.objects.update(checked_at=timezone.now() - timedelta(days=40))
        Job.objects.filter(kind=fixity.STEP).update(key=None)  # the round of another day
        fixity.plan_round()
        self.depot.work()
        return int(last or 0)

    def read(self, volume: str) -> dict[int, str]:
        """The SHA-256 of what a volume holds of each, by its good copies."""
        stored = self._stored()
        found = {}
        for file, places in locations(list(stored)).items():
            for each in places:
                if each.volume == volume:
                    pieces = each.store.read(each.object, each.offset, each.length)
                    found[stored[file]] = sha256(b"".join(map(bytes, pieces))).hexdigest()
        return found

    def _stored(self) -> dict[UUID, int]:
        rows = Package.objects.filter(pk__in=self.packages).values_list("stored", "pk")
        return {stored: package for stored, package in rows if stored is not None}

    def found_beside(self, since: int) -> set[int]:
        """Those that the archive found damaged while it looked at a whole pack: the round may have
        come to them only when they were healed."""
        stored, found = self._stored(), set()
        for event in Event.objects.filter(kind="file.damaged", id__gt=since):
            named = as_row(event).data["files"]
            found |= {stored[UUID(each)] for each in named if UUID(each) in stored}
        return found

    def digests(self) -> dict[int, str]:
        return {package: sha256(data).hexdigest() for package, data in self.packages.items()}


def _flip(path: Path, bit: int) -> None:
    path.chmod(0o600)
    descriptor = os.open(path, os.O_RDWR)
    try:
        (byte,) = os.pread(descriptor, 1, bit // 8)
        os.pwrite(descriptor, bytes([byte ^ (1 << bit % 8)]), bit // 8)
    finally:
        os.close(descriptor)
