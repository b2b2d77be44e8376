"""A depot: the owner and the mate are of the team, which may do everything with its packages; the
stranger is of another team."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from typing import Any

from lagan.hub.accounts import services as accounts
from lagan.hub.archive import services as archive
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.packages import services
from lagan.hub.packages.models import Package
from lagan.hub.tree import services as tree
from lagan.worker.execute import execute
from tests.hub.audit.sealing import settle
from tests.hub.packages.bags import bag_zip
from tests.hub.people import People, gather

FAMILY = {
    "GROUP_READ", "DATASET_CREATE", "DATASET_READ", "DATASET_LIST", "DATASET_CHANGE",
    "DATASET_LOG_READ", "DATASET_METADATA_READ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Depot:
    """The people, the team's group, and the folder with the volumes `main` and `copy`."""

    people: People
    root: Path

    @property
    def team(self) -> int:
        return self.people.team.pk

    def deposit(
        self, data: bytes | None = None, *, by: Actor | None = None, name: str = "bag-balicek",
        **more: Any,
    ) -> Package:  # fmt: skip
        """As the doors deposit: bytes first, then whose they are."""
        actor, sent = by or self.people.owner, services.Zip()
        try:
            sent.write([bag_zip() if data is None else data])
            given = {"group": self.team, "file_name": "my_archive_package.zip", **more}
            row = services.begin_deposit(by=actor, name=name, **given)
            future = sent.become(row, actor)
        except BaseException:
            sent.discard()
            raise
        return services.stored(future, row.pk)

    def kept(self, data: bytes | None = None, **more: Any) -> Package:
        """One that was judged."""
        row = self.deposit(data, **more)
        self.work()
        row.refresh_from_db()
        return row

    def work(self) -> None:
        """What a hub worker does, until nothing is left to do."""
        ledger = DatabaseLedger()
        while claimed := ledger.claim(["hub"], "test"):
            for each in claimed:
                execute(each, ledger, stop=Flag())

    def react(self) -> None:
        """What the scheduler does about what happened."""
        settle()

    def said(self, package: int) -> list[tuple[str, str]]:
        """Kind and result of every event about the package, in order."""
        rows = Event.objects.filter(subject=package, kind__startswith="package.").order_by("id")
        return [
            (kind.partition(".")[2], result) for kind, result in rows.values_list("kind", "result")
        ]

    def path(self, row: Package, volume: str = "main") -> Path:
        """Where the zip lies on a volume."""
        (found,) = (self.root / volume).rglob(f"*{row.stored}*")
        return found


def damage(path: Path, at: int = 100) -> None:
    """Flip one bit."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def furnish(root: Path) -> Depot:
    """People who can sign in, their rights, and the volumes."""
    people = gather()
    for each in (people.owner, people.mate, people.stranger):
        assert each.entity is not None
        accounts.restore_user(entity=each.entity, username=each.name, full_name=f"Jan {each.name}")
    tree.set_grants(by=SYSTEM, subject=people.role.pk, object=people.team.pk, grant=FAMILY)
    other = tree.create_entity(by=SYSTEM, type="GROUP", name="others", parent=people.ground.root.id)
    assert people.stranger.entity is not None
    tree.set_grants(by=SYSTEM, subject=people.stranger.entity, object=other.pk, grant=FAMILY)
    for name, role in (("main", "main"), ("copy", "copy")):
        (root / name).mkdir()
        archive.add_volume(
            by=SYSTEM, location=f"posix:{root / name}", name=name, storage_set="disks", role=role
        )
    return Depot(people, root)
