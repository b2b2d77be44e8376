"""Packages for the browser's hub: alice deposits in a group of her own, bob may read there, dan may
not even know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.hub.packages.bags import bag_zip

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor
    from lagan.hub.packages.models import Package

Archive = Callable[[int, Mapping[str, bytes]], dict[str, UUID]]
READS = {"GROUP_READ", "DATASET_READ", "DATASET_LIST", "DATASET_LOG_READ", "DATASET_METADATA_READ"}
KEEPS = READS | {"DATASET_CREATE", "DATASET_CHANGE"}
RIGHT = bag_zip({"data/scans/plate 1.csv": b"well;value\nA1;0.5\n"})
WRONG = bag_zip(leave_out="data/a.txt")


@dataclass(frozen=True, slots=True)
class Packaged:
    """The ids of what was deposited."""

    preservation: int
    package: int
    """The newest version, with metadata that was changed once."""
    package_before: int
    package_refused: int
    package_awaited: int
    """Its zip has not come."""
    package_preparing: int
    package_ready: int
    package_damaged: int


def deposit_all(owner: Actor, reader: int, root: int, archive: Archive) -> Packaged:
    """Packages in the states that they have; `archive` puts files on the volumes."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.packages import downloading, fixity, services
    from lagan.hub.packages.reading import Look, copies, look
    from lagan.hub.packages.rows import turn
    from lagan.hub.packages.rules import Status
    from lagan.hub.tree import services as tree

    assert owner.entity is not None
    group = tree.create_entity(by=SYSTEM, type="GROUP", name="Preservation", parent=root).pk
    tree.set_grants(by=SYSTEM, subject=owner.entity, object=group, grant=KEEPS)
    tree.set_grants(by=SYSTEM, subject=reader, object=group, grant=READS)

    def begun(name: str, **more: Any) -> Package:
        given = {"group": group, "file_name": f"{name.split()[0].lower()}.zip", **more}
        return services.begin_deposit(by=owner, name=name, **given)

    def deposited(name: str, data: bytes = RIGHT, **more: Any) -> Package:
        return _judged(begun(name, **more), data, archive)

    metadata = {"Author": "Jan Novák", "Subject": ["retina", "confocal microscopy"], "Plates": 12}
    first = deposited("Retina screening 2026", user_metadata=metadata)
    newest = deposited("Retina screening 2026", after=first.pk)
    services.update_package(
        by=owner, package=newest.pk, user_metadata={**metadata, "Author": "Jana Nováková"}
    )
    refused = deposited("Mouse 4711 raw scans", WRONG)
    awaited = begun("Large mosaic")
    preparing = deposited("Calibration beads")
    turn(preparing, Status.DOWNLOAD_PREPARING)
    ready = deposited("Publication supplement")
    turn(ready, Status.DOWNLOAD_PREPARING)
    downloading.conclude(ready.pk, [look(copies(ready)[0], lambda count: None)])
    damaged = deposited("Old tapes")
    fixity.conclude(damaged.pk, [Look(copies(damaged)[0], "0" * 64)])
    made = (newest, first, refused, awaited, preparing, ready, damaged)
    return Packaged(group, *(each.pk for each in made))


def _judged(row: Package, data: bytes, archive: Archive) -> Package:
    """Its zip comes, and the verdict with it."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets import services as datasets
    from lagan.hub.packages.rows import turn
    from lagan.hub.packages.rules import Status
    from tests.hub.packages.depot import digest

    stored = archive(row.pk, {row.file_name: data})[row.file_name]
    turn(row, Status.UPLOADING, stored=stored, size=len(data), checksum=digest(data))
    datasets.close_dataset(by=SYSTEM, dataset=row.pk)
    _settle(row)
    return row


def judge_now(package: int) -> None:
    """What the scheduler and a worker do with a zip that came."""
    from lagan.hub.packages.depositing import arrived
    from lagan.hub.packages.models import Package

    arrived(package)
    _settle(Package.objects.get(pk=package))


def _settle(row: Package) -> None:
    from lagan.bag import judge
    from lagan.hub.packages.judging import settle
    from lagan.hub.packages.reading import Stretch, copies
    from lagan.kit.digests import SHA256

    settle(row.pk, judge(Stretch(copies(row)[0]), outer=(SHA256,)))
    row.refresh_from_db()
