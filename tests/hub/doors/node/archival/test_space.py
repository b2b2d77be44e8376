"""Disks that get full are completed, alone or with their partner, and told of once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lagan.hub.doors.node.archival import space
from lagan.hub.doors.node.config import load
from lagan.hub.doors.node.config.shape import StorageSets
from lagan.hub.doors.node.models import Disk
from lagan.hub.doors.node.node import ArchiveNode
from lagan.hub.doors.node.volumes.disks import MIB, MountedDisk
from lagan.hub.doors.node.volumes.volume_info import VolumeInfo
from lagan.store.volume import Usage

CONFIG = load(Path(__file__).parent.parent / "node.xml")
"""Completes below 10 MB and warns below 20 MB; set1 is volume1 with volume2."""

Look = Callable[..., list[str]]


def _disk(slot: str, free: int, folder: Path) -> MountedDisk:
    path = folder / slot
    path.mkdir()
    store = SimpleNamespace(root=path, usage=lambda: Usage(100 * MIB, free * MIB))
    row, _ = Disk.objects.get_or_create(disk_id=slot, logical_name=slot)
    partner = {"volume1": "volume2", "volume2": "volume1"}[slot]
    return MountedDisk(
        slot, "M", VolumeInfo(slot), cast(Any, store), cast(Any, None), row, writable=True,
        set_id="set1", partner=partner,
    )  # fmt: skip


@pytest.fixture
def look(db: None, tmp_path: Path) -> Look:
    """Look at volume1 with so many MiB free on it and its partner; the subjects of mails."""

    def act(main: int, replica: int, *, synchronize: bool = False, times: int = 1) -> list[str]:
        disks = {n: _disk(n, f, tmp_path) for n, f in (("volume1", main), ("volume2", replica))}
        first, *others = CONFIG.storage_sets.items
        sets = StorageSets((replace(first, synchronize=synchronize), *others))
        mails: list[str] = []
        node = SimpleNamespace(
            config=replace(CONFIG, storage_sets=sets),
            disks=SimpleNamespace(partner_of=lambda disk: disks[disk.partner]),
            mail=SimpleNamespace(send=lambda kind, subject, text, **_: mails.append(subject)),
            host_id="host:7777",
        )
        for _ in range(times):
            space.look(cast(ArchiveNode, node), disks["volume1"])
        return mails

    return act


def completed() -> set[str]:
    return set(Disk.objects.filter(completed=1).values_list("disk_id", flat=True))


def test_room_enough_is_no_news(look: Look) -> None:
    assert (look(50, 50), completed()) == ([], set())


@pytest.mark.parametrize(
    ("main", "replica", "synchronize", "full"),
    [
        (9, 50, False, {"volume1"}),
        (50, 9, False, {"volume2"}),
        (9, 9, False, {"volume1", "volume2"}),
        (9, 50, True, {"volume1", "volume2"}),
        (50, 9, True, {"volume1", "volume2"}),
    ],
)
def test_full_disks_are_completed(
    look: Look, main: int, replica: int, synchronize: bool, full: set[str], tmp_path: Path
) -> None:
    assert look(main, replica, synchronize=synchronize, times=2) == ["CHANGE DISK(S)"]
    assert completed() == full
    for slot in full:
        assert 'Completed="1"' in (tmp_path / slot / "NgasDiskInfo").read_text()


def test_one_notice_a_disk(look: Look) -> None:
    assert look(15, 50, times=3) == ["NOTICE: DISK SPACE RUNNING LOW"]
    assert completed() == set()
