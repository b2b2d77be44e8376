"""The volumes that are mounted at this node: found, registered, opened, chosen, let go.

Source: reference/ngas-http.md sections 5.3 and 11. A directory beneath the volume directory with a
`.ngas_volume_info` is a disk. One that holds nothing yet is prepared as a volume of ours; one with
files of somebody else is adopted in place and only read until an administrator confirms it.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.models import Disk
from lagan.hub.doors.node.process.start import root_of
from lagan.hub.doors.node.volumes import disk_rows, volume_info
from lagan.hub.doors.node.volumes.volume_info import VolumeInfo
from lagan.kit.errors import LaganError
from lagan.kit.files import write_atomically
from lagan.store.errors import NotAVolume
from lagan.store.identity import identify, prepare
from lagan.store.journal import Journal
from lagan.store.posix import PosixVolume

_log = logging.getLogger(__name__)

MAIN, REPLICA = "M", "R"
MIB = 1 << 20
FILES_MODE = 0o444
BESIDE_FILES = {
    ".ngas_volume_info",
    "NgasDiskInfo",
    "NgamsTestFile",
    ".db",
    ".lagan",
    "staging",
    "bad-files",
    "lost+found",
    "back-log",
}
"""What lies on a disk beside archived files."""


@dataclass(slots=True)
class MountedDisk:
    """A disk that this node has. `row` is the catalogue's, as of the last look at it."""

    slot: str
    kind: str
    info: VolumeInfo
    store: PosixVolume
    journal: Journal
    row: Disk
    writable: bool
    label: str = ""
    set_id: str = ""
    partner: str = ""
    """The slot of the replication disk of a main one, and the other way round."""
    unsettled: bool = False
    """Something failed there of which it is not known how far it went: the next mount looks."""

    @property
    def id(self) -> str:
        """The disk id."""
        return self.row.disk_id

    @property
    def path(self) -> Path:
        """The mount point."""
        return self.store.root

    def free(self) -> int:
        """Bytes that could be written to it just now."""
        return self.store.usage().free or 0

    def takes(self, size: int) -> bool:
        """Whether `size` bytes may be put on it."""
        return self.writable and not self.row.completed and self.free() >= size


@dataclass(frozen=True, slots=True)
class PhysicalDisk:
    """A disk that is there; `info` is what is written on it where nothing is."""

    slot: str
    path: Path
    info: VolumeInfo | None = None


class Disks:
    """All disks of a node by their ids; empty while it is OFFLINE."""

    def __init__(self, config: NodeConfig, host_id: str) -> None:
        self._config, self._host = config, host_id
        self._mounted: dict[str, MountedDisk] = {}
        self._guard = threading.Lock()

    def __iter__(self) -> Iterator[MountedDisk]:
        return iter(list(self._mounted.values()))

    def get(self, disk_id: str) -> MountedDisk | None:
        """The disk, if it is mounted here."""
        return self._mounted.get(disk_id)

    def in_slot(self, slot: str) -> MountedDisk | None:
        """The disk in a slot."""
        return next((each for each in self if each.slot == slot), None)

    def mount(self, there: Sequence[PhysicalDisk] | None = None) -> None:
        """Find, register and open every disk: those that are said to be there, else those beneath
        the volume directory. Disks that cannot be used are logged and passed over."""
        found: dict[str, MountedDisk] = {}
        if there is None:
            there = [PhysicalDisk(each.name, each) for each in volume_folders(self._config)]
        for each in there:
            try:
                disk = self._open(each)
            except (LaganError, OSError) as error:
                _log.error("The volume %s is not used: %s", each.path, error)
                continue
            if disk is not None:
                found[disk.id] = disk
        with self._guard:
            self._mounted = found

    def unmount(self) -> None:
        """Let go of all of them in the catalogue, as clients of the archive server expect."""
        with self._guard:
            mounted, self._mounted = self._mounted, {}
        for disk in mounted.values():
            write_disk_info(disk, self._host)
        disk_rows.unmount(list(mounted), self._host)

    def drop(self, disk: MountedDisk) -> None:
        """This disk is not mounted any more; its row is somebody else's affair."""
        with self._guard:
            self._mounted.pop(disk.id, None)

    def fullest(self, sets: Sequence[str], size: int, *, replicate: bool) -> MountedDisk | None:
        """The main disk for a file of a stream: the fullest with room, then the oldest."""
        fit = [
            each
            for each in self
            if each.kind == MAIN
            and (each.set_id in sets or not each.set_id)
            and each.takes(size)
            and (not replicate or self._partner_takes(each, size))
        ]
        return min(
            fit,
            key=lambda each: (-each.row.bytes_stored, each.row.installation_date or ""),
            default=None,
        )

    def anywhere(self, size: int) -> MountedDisk | None:
        """Any disk that takes so much."""
        fit = [each for each in self if each.takes(size)]
        return random.choice(fit) if fit else None  # noqa: S311 - spreads load

    def partner_of(self, disk: MountedDisk) -> MountedDisk | None:
        """The disk that holds the copies of this one's files, or the other way round."""
        return self.in_slot(disk.partner) if disk.partner else None

    def _partner_takes(self, disk: MountedDisk, size: int) -> bool:
        partner = self.partner_of(disk)
        return not disk.partner or (partner is not None and partner.takes(size))

    def _open(self, there: PhysicalDisk) -> MountedDisk | None:
        path = there.path
        place = place_of(self._config, there.slot)
        if place is None:
            _log.warning("The volume %s is in no storage set; it is not used.", path)
            return None
        info = _info(there)
        store = PosixVolume(path, mode=FILES_MODE)
        row = disk_rows.register(
            info, path, slot=there.slot, kind=place.kind, label=place.label, host=self._host,
            archive=self._config.server.archive_name, room=(store.usage().free or 0) // MIB,
            capacity=(store.usage().total or 0) // MIB,
        )  # fmt: skip
        disk = MountedDisk(
            slot=there.slot,
            kind=place.kind,
            info=info,
            store=store,
            journal=Journal(store),
            row=row,
            writable=_is_ours(store, path, info),
            label=place.label,
            set_id=place.set_id,
            partner=place.partner,
        )
        if disk.writable:
            write_disk_info(disk, self._host)
        else:
            _log.warning("The volume %s holds files of another server: it is only read.", path)
        return disk


def _info(there: PhysicalDisk) -> VolumeInfo:
    """What a disk says of itself, from now on if not before."""
    file = there.path / volume_info.NAME
    if there.info is not None and not file.exists():
        write_atomically(file, volume_info.encode(there.info))
    return volume_info.decode(file.read_bytes())


def volume_folders(config: NodeConfig) -> list[Path]:
    """Directories that say they are disks, by name."""
    top = root_of(config) / config.server.volumes
    if not top.is_dir():
        return []
    return sorted(each for each in top.iterdir() if (each / volume_info.NAME).is_file())


@dataclass(frozen=True, slots=True)
class Place:
    """What a slot is for: its kind (M or R), its storage set, the slot of its partner."""

    kind: str
    label: str = ""
    set_id: str = ""
    partner: str = ""


def place_of(config: NodeConfig, slot: str) -> Place | None:
    """What the storage sets say of a slot. Without any set every disk is a main one."""
    for each in config.storage_sets.items:
        main, replica = Path(each.main).name, Path(each.replica).name if each.replica else ""
        if slot == main:
            return Place(MAIN, each.label, each.id, replica)
        if slot == replica:
            return Place(REPLICA, each.label, each.id, main)
    return None if config.storage_sets.items else Place(MAIN)


def _is_ours(store: PosixVolume, path: Path, info: VolumeInfo) -> bool:
    """Whether we may write there: it was prepared by us, or is now because nothing is on it."""
    try:
        identify(store)
    except NotAVolume:
        if is_used(path):
            return False
        prepare(store, name=info.disk_id, adopt=True)
    return True


def is_used(path: Path) -> bool:
    """Whether files lie on a disk that are neither the archive server's own nor ours."""
    return any(
        any(each.is_file() for each in top.rglob("*")) if top.is_dir() else True
        for top in path.iterdir()
        if top.name not in BESIDE_FILES
    )


def write_disk_info(disk: MountedDisk, host: str) -> None:
    """Write `NgasDiskInfo`, by which a disk is known at another host."""
    from lagan.hub.doors.node.wire.documents import disk_info

    if not disk.writable:
        return
    try:
        disk.row.refresh_from_db()
        write_atomically(disk.path / "NgasDiskInfo", disk_info(disk.row, host, timezone.now()))
    except (OSError, Disk.DoesNotExist) as error:
        _log.error("NgasDiskInfo of %s cannot be written: %s", disk.path, error)
