"""Where the copies of a file are, the best to read first.

A copy that is known to be damaged is never named while a good one exists. Local copies come first,
then those of the own cluster, of the own domain, of others; hosts that are ONLINE before the rest.
Source: reference/ngas-http.md section 6; better than there: local first, and damage is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lagan.hub.doors.node import catalogue
from lagan.hub.doors.node.disks import MountedDisk
from lagan.hub.doors.node.models import Disk, Host, StoredFile
from lagan.hub.doors.node.state import ONLINE

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

LOCAL, CLUSTER, DOMAIN, REMOTE = range(4)


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
    rows = [
        each
        for each in catalogue.copies(file_id, version=version, disk_id=disk_id)
        if not each.file_ignore
    ]
    if not rows:
        return []
    wanted = {each.disk_id for each in rows}
    places = _hosts_of(wanted)
    known = _known_hosts(set(places.values()) | {node.host_id})
    own = known.get(node.host_id)
    found = []
    for row in rows:
        disk, where = node.disks.get(row.disk_id), known.get(places.get(row.disk_id, ""))
        asked = (host_id is None or _named(node, disk, where, host_id)) and (
            domain is None or (where is not None and where.domain == domain)
        )
        if asked:
            found.append(Found(row, disk, own if disk is not None else where))
    latest = [each for each in found if each.row.file_version == found[0].row.file_version]
    there = [each for each in latest if each.local or each.host is not None]
    return sorted(_good_or_all(there), key=lambda each: _rank(each, own))


def find_here(
    node: ArchiveNode, file_id: str, version: int | None = None, disk_id: str | None = None
) -> list[Found]:
    """As `find`, of the disks of this node alone and with one question to the catalogue; empty
    unless one of them has the version that `find` would choose. `host` is None."""
    rows = [
        each
        for each in catalogue.newest(file_id, version=version, disk_id=disk_id)
        if not each.file_ignore
    ]
    here = [Found(each, node.disks.get(each.disk_id), None) for each in rows]
    return _good_or_all([each for each in here if each.local])


def _good_or_all(found: Sequence[Found]) -> list[Found]:
    """The good ones; all of them when none is good."""
    return [each for each in found if not each.bad] or list(found)


def _hosts_of(disks: set[str]) -> dict[str, str]:
    """The hosts of disks that are mounted somewhere."""
    rows = Disk.objects.filter(pk__in=disks, mounted=1).values_list("disk_id", "host_id")
    return {disk: host for disk, host in rows if host}


def _known_hosts(ids: set[str]) -> dict[str, Host]:
    return {each.host_id: each for each in Host.objects.filter(pk__in=ids)}


def _named(node: ArchiveNode, disk: MountedDisk | None, where: Host | None, host_id: str) -> bool:
    if disk is not None:
        return host_id == node.host_id
    return where is not None and where.host_id == host_id


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
