"""A storage set of a main volume and its copies on real folders, and files stored on it as ingest
stores them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from lagan.hub.archive import services
from lagan.hub.archive.models import Volume
from lagan.hub.base.actors import SYSTEM
from lagan.kit.digests import digests_of
from lagan.kit.ids import new_id
from lagan.store import FileLine, PackWriter
from lagan.store.wrappers import FaultyVolume


class Archive:
    """Volumes beneath one folder and what a test does with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.content: dict[UUID, bytes] = {}

    def add_volume(self, name: str, role: str = "copy", storage_set: str = "main") -> Volume:
        place = self.root / name
        place.mkdir()
        return services.add_volume(
            by=SYSTEM,
            location=f"posix:{place}",
            name=name,
            storage_set=storage_set,
            role=role,
        )

    def store(
        self, contents: Sequence[bytes], *, packed: bool = False, volume: str = "main"
    ) -> list[UUID]:
        """Store files as ingest does: bytes, journal line and rows; their ids."""
        row = Volume.objects.get(name=volume)
        at = datetime.now(UTC)
        lines = self._packed(row, contents, at) if packed else self._alone(row, contents, at)
        with transaction.atomic():
            services.journal(row).append(lines)
            services.record_files(volume=row.pk, stored_at=at, files=lines)
        self.content.update({each.id: data for each, data in zip(lines, contents, strict=True)})
        return [each.id for each in lines]

    def store_one(self, data: bytes, **how: object) -> UUID:
        [id] = self.store([data], **how)  # type: ignore[arg-type]
        return id

    def path(self, volume: str, name: str) -> Path:
        return self.root / volume / name

    def objects(self, volume: str) -> set[str]:
        """All objects there are on a volume, as the filesystem says."""
        root = self.root / volume
        found = {each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()}
        return {each for each in found if not each.startswith(".lagan/")}

    def pending(self, volume: str) -> set[str]:
        folder = self.root / volume / ".lagan/incoming"
        return {each.name for each in folder.iterdir()} if folder.exists() else set()

    def _alone(self, row: Volume, contents: Sequence[bytes], at: datetime) -> list[FileLine]:
        store = services.open_store(row)
        lines, arrivals = [], []
        for n, data in enumerate(contents):
            id = new_id()
            name = services.object_name(id=id, name=f"file {n}.dat", at=at)
            incoming = store.receive(id.hex)
            incoming.write([data])
            arrivals.append((incoming, name))
            lines.append(self._line(id, n, name, 0, data, at))
        store.publish(arrivals)
        return lines

    def _packed(self, row: Volume, contents: Sequence[bytes], at: datetime) -> list[FileLine]:
        store = services.open_store(row)
        name = services.object_name(id=new_id(), name=None, at=at)
        incoming = store.receive(new_id().hex)
        pack, lines = PackWriter(incoming), []
        for n, data in enumerate(contents):
            id = new_id()
            offset, _ = pack.add(f"7/file {n}.dat", data, digests_of([data]), at.timestamp())
            lines.append(self._line(id, n, name, offset, data, at))
        pack.finish()
        store.publish([(incoming, name)])
        return lines

    def _line(
        self, id: UUID, n: int, name: str, offset: int, data: bytes, at: datetime
    ) -> FileLine:
        belongs = {"dataset": 7, "path": f"folder/file {n}.dat", "mtime_ns": n}
        return FileLine(
            id,
            id.hex,
            1,
            f"file {n}.dat",
            name,
            offset,
            len(data),
            digests_of([data]),
            at.timestamp(),
            belongs,
        )


def damage(path: Path, at: int = 0) -> None:
    """Turn over one bit of a file."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))
        os.fsync(file.fileno())


class Killed(BaseException):
    """The process is no more: nothing of ours runs after this."""


class Mortal(FaultyVolume):
    """A volume whose process dies at one call: every later call finds nobody to make it."""

    def __init__(self, inner: object, call: str, after: bool) -> None:
        super().__init__(inner, [])  # type: ignore[arg-type]
        self.call, self.after, self.dead = call, after, False
        self.received: list[Any] = []

    def _do(self, call, name, act):
        if self.dead:
            raise Killed
        if call == self.call:
            self.dead = True
            if self.after:
                self._note(call, act())
            raise Killed
        return self._note(call, act())

    def _note(self, call, made):
        if call == "receive":
            self.received.append(made)
        return made

    def let_go(self) -> None:
        """What the system does for a dead process: its descriptors, and their locks, are gone."""
        for each in self.received:
            each.close()
