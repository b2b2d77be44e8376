"""Which files of a node are of no use any more, by the rules of PURGE and RRI_PURGE; and the work
that removes them.

Source: reference/ngas-http.md section 4.5. Better than there: only with `execute=1`, and a copy
that is kept must be there and not known to be damaged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue, keyset, removing
from lagan.hub.doors.node.files.catalogue import BAD_BIT
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.process.errands import Errand
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
Key = tuple[str, int, str]
AT_ONCE = 50
"""Copies that one transaction takes out of the catalogue."""
_KEPT = re.compile(r"[^_]+_(\d+)-(\d+)MHz_(?:XX|YY)_r0\.0_v1\.0\.fits", re.ASCII)
_BANDWIDTH = (32, 33)
"""MHz of the images that RRI_PURGE keeps."""


def old_versions(disks: Collection[str], *, keep_earliest: bool, anywhere: bool) -> Iterator[Key]:
    """Copies on these disks of which a newer version (or with `keep_earliest` an older one) is on
    them too, or with `anywhere` on any disk that some node has."""
    better = StoredFile.objects.filter(file_id=OuterRef("file_id")).exclude(
        file_status__startswith=BAD_BIT
    )
    side = "lt" if keep_earliest else "gt"
    better = better.filter(**{f"file_version__{side}": OuterRef("file_version")})
    mounted = Disk.objects.filter(mounted=1).values("disk_id")
    better = better.filter(disk_id__in=mounted if anywhere else list(disks))
    return keys_of(StoredFile.objects.filter(Exists(better)), disks)


def not_kept(disks: Collection[str]) -> Iterator[Key]:
    """Copies on these disks that RRI_PURGE does not keep."""
    rows = StoredFile.objects.all()
    return (each for each in keys_of(rows, disks) if not is_kept(each[0]))


def keys_of(rows: QuerySet[StoredFile], disks: Collection[str]) -> Iterator[Key]:
    """The keys of those of the rows that are on some disks, one disk after the other."""
    for disk_id in sorted(disks):
        here = rows.filter(disk_id=disk_id)
        for file_id, version in keyset.by_key(here, ("file_id", "file_version"), keyset.PLACE_KEY):
            yield file_id, int(version), disk_id


def purge(node: ArchiveNode, errand: Errand, keys: Iterator[Key], *, by: Actor, why: str) -> None:
    """Remove copies, some at a time, until told to stop. `errand` counts them."""
    while (some := list(islice(keys, AT_ONCE))) and not errand.stop.is_set():
        errand.total += len(some)
        rows = [each for each in _rows(some) if _is_writable(node, each.disk_id)]
        try:
            removing.remove(node.disks, rows, by=by, why=why)
            errand.done += len(rows)
        except LaganError as error:
            errand.wrong += len(rows)
            _log.error("%s: %d copies stay: %s", errand.name, len(rows), error.sentence)
    _log.info("%s: %d of %d copies removed", errand.name, errand.done, errand.total)


def _rows(keys: Sequence[Key]) -> list[StoredFile]:
    wanted = set(keys)
    found = StoredFile.objects.filter(file_id__in={key[0] for key in keys})
    return [each for each in found if catalogue.key_of(each) in wanted]


def _is_writable(node: ArchiveNode, disk_id: str) -> bool:
    disk = node.disks.get(disk_id)
    return disk is not None and disk.writable


def is_kept(file_id: str) -> bool:
    """Whether RRI_PURGE keeps a file: an image of one polarisation and about 32 MHz by its name."""
    found = _KEPT.fullmatch(file_id)
    return found is not None and int(found[2]) - int(found[1]) + 1 in _BANDWIDTH
