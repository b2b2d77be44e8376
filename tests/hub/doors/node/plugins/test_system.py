"""What an online plug-in may say of disks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from lagan.hub.doors.node.plugins.system import physical_disks
from lagan.hub.doors.node.volumes.disks import PhysicalDisk
from lagan.hub.doors.node.volumes.volume_info import VolumeInfo
from lagan.hub.doors.node.wire.reply import Failed


class Getters:
    """A disk as plug-ins of the archive server make them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def getMountPoint(self) -> str:  # noqa: N802
        return str(self.path)

    def getDiskId(self) -> str:  # noqa: N802
        return "id"


def test_disks_are_told_in_many_ways(tmp_path: Path) -> None:
    told = {
        1: str(tmp_path),
        2: {"mount_point": tmp_path, "disk_id": "id", "type": "T", "manufacturer": "M"},
        3: SimpleNamespace(mount_point=str(tmp_path)),
        4: Getters(tmp_path),
    }
    assert physical_disks("p", told) == [
        PhysicalDisk("1", tmp_path),
        PhysicalDisk("2", tmp_path, VolumeInfo("id", "M", "T")),
        PhysicalDisk("3", tmp_path),
        PhysicalDisk("4", tmp_path, VolumeInfo("id")),
    ]


@pytest.mark.parametrize(
    "told", [[], "x", {"1": "relative"}, {"1": "/not/there"}, {"1": None}, {"1": {}}, {"": "/tmp"}]
)
def test_what_is_no_disk(told: object) -> None:
    with pytest.raises(Failed, match="The plug-in p"):
        physical_disks("p", told)
