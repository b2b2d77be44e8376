"""Where the copies of a file are, the best to read first.

A copy that is known to be damaged is never named while a good one exists. Local copies come first,
then those of the own cluster, of the own domain, of others; hosts that are ONLINE before the rest.
Source: reference/ngas-http.md section 6; better than there: local first, and damage is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Disk, Host, StoredFile
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.volumes.disks import MountedDisk

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

LOCAL, CLUSTER, DOMAIN, REMOTE = range(4)
MOST = 200
"""Rows that are looked at: more copies than a version has, fewer than a file may have versions."""


@dataclass(frozen=True, slots=True)
class Found:
    """A copy: its row, its disk when that is mounted at this node, the host that has it."""

    row: StoredFile
    disk: MountedDisk | None
    host: Host | None

    @property
    def local(self) -> bool:
        """Whether it is on a disk of this node."""
        return self.disk is not None

    @property
    def bad(self) -> bool:
        """Whether it is known to be damaged."""
        return catalogue.is_bad(self.row)


def find(
    node: ArchiveNode,
    file_id: str,
    version: int | None = None,
    disk_id: str | None = None,
    host_id: str | None = None,
    domain: str | None = None,
) -> list[Found]:
    """All copies that some node has, of the version asked for or else of the highest, within the
    disk, host and domain asked for. Copies on disks that are mounted nowhere, and those marked to
    be ignored, are not named; damaged ones only when there is no other."""
    rows = _rows(file_id, version, disk_id, host_id, domain)
    places = _hosts_of({each.disk_id for each in rows})
    known = _known_hosts({*places.values(), node.host_id}) if rows else {}
    own = known.get(node.host_id)
    there = []
    for row in rows:
        disk, where = node.disks.get(row.disk_id), known.get(places.get(row.disk_id, ""))
        if disk is not None or where is not None:
            there.append(Found(row, disk, own if disk is not None else where))
    return sorted(_good_or_all(there), key=lambda each: _rank(each, own))


def find_here(
    node: ArchiveNode, file_id: str, version: int | None = None, disk_id: str | None = None
) -> list[Found]:
    """As `find`, of the disks of this node alone and with one question to the catalogue; empty
    unless one of them has the version that `find` would choose. `host` is None."""
    rows = _rows(file_id, version, disk_id)
    here = [Found(each, node.disks.get(each.disk_id), None) for each in rows]
    return _good_or_all([each for each in here if each.local])


def _rows(
    file_id: str,
    version: int | None,
    disk_id: str | None,
    host_id: str | None = None,
    domain: str | None = None,
) -> list[StoredFile]:
    """The copies of the highest version that fits, without those to be ignored."""
    rows = StoredFile.objects.filter(file_id=file_id).exclude(file_ignore=1)
    if version is not None:
        rows = rows.filter(file_version=version)
    if disk_id is not None:
        rows = rows.filter(disk_id=disk_id)
    if host_id is not None or domain is not None:
        disks = Disk.objects.filter(mounted=1)
        if host_id is not None:
            disks = disks.filter(host_id=host_id)
        if domain is not None:
            disks = disks.filter(host_id__in=Host.objects.filter(domain=domain).values("host_id"))
        rows = rows.filter(disk_id__in=disks.values("disk_id"))
    found = list(rows.order_by("-file_version", "disk_id")[:MOST])
    return [each for each in found if each.file_version == found[0].file_version]


def _good_or_all(found: Sequence[Found]) -> list[Found]:
    """The good ones; all of them when none is good."""
    return [each for each in found if not each.bad] or list(found)


def _hosts_of(disks: set[str]) -> dict[str, str]:
    """The hosts of disks that are mounted somewhere."""
    rows = Disk.objects.filter(pk__in=disks, mounted=1).values_list("disk_id", "host_id")
    return {disk: host for disk, host in rows if host}


def _known_hosts(ids: set[str]) -> dict[str, Host]:
    return {each.host_id: each for each in Host.objects.filter(pk__in=ids)}


def _rank(found: Found, own: Host | None) -> tuple[int, int, int, str]:
    return (
        _place(found, own),
        int(found.host is None or found.host.srv_state != ONLINE),
        int(found.host is not None and bool(found.host.srv_suspended)),
        found.row.disk_id,
    )


def _place(found: Found, own: Host | None) -> int:
    if found.local:
        return LOCAL
    if own is None or found.host is None:
        return REMOTE
    if found.host.cluster_name == own.cluster_name:
        return CLUSTER
    return DOMAIN if found.host.domain == own.domain else REMOTE
