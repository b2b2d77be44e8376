"""CRETRIEVE: a container goes out, each file from the best copy of it that anybody has.

What is missing is refused before the first byte. Bytes are checked on their way against the
catalogue's sums: the last piece of a damaged file is never sent, and the client sees by the
announced length that it has not got all. Memory does not grow with the size of files. Source:
reference/ngas-http.md sections 4.6 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from lagan.hub.doors.node.cluster import peers, relaying
from lagan.hub.doors.node.containers.outgoing import Content
from lagan.hub.doors.node.containers.sizes import batched
from lagan.hub.doors.node.files import catalogue, damage
from lagan.hub.doors.node.files.expecting import announced, checked
from lagan.hub.doors.node.files.finding import Found
from lagan.hub.doors.node.files.sending import Damaged, open_copy
from lagan.hub.doors.node.models import Disk, Host
from lagan.hub.doors.node.wire.body import PIECE, Cut
from lagan.hub.doors.node.wire.messages import UNAVAIL_FILE
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

OPENED_BEFORE = 10_000
"""Files whose copies are looked for on their disks before the first byte is sent."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A file's good copies, those of this node first."""

    copies: Sequence[Found]


def ready(node: ArchiveNode, layout: Iterable[bytes | Content]) -> list[bytes | Ready]:
    """Where each file comes from. Failed when one has no good copy that can be had."""
    items = list(layout)
    contents = [each for each in items if isinstance(each, Content)]
    hosts = _hosts(node, contents)
    looked: list[bytes | Ready] = []
    left = OPENED_BEFORE
    for each in items:
        if isinstance(each, bytes):
            looked.append(each)
            continue
        looked.append(Ready(_found(node, each, hosts, look=left > 0)))
        left -= 1
    return looked


def stream(node: ArchiveNode, items: Iterable[bytes | Ready]) -> Iterator[bytes]:
    """The bytes. Cut when a file cannot be had after all, or is seen to be damaged."""
    for each in items:
        if isinstance(each, bytes):
            yield each
        else:
            yield from _content(node, each)


def _hosts(node: ArchiveNode, contents: Sequence[Content]) -> dict[str, Host]:
    """The hosts of disks that are mounted elsewhere."""
    wanted = {row.disk_id for each in contents for row in each.copies}
    away: dict[str, str] = {}
    for some in batched(id for id in wanted if node.disks.get(id) is None):
        rows = Disk.objects.filter(pk__in=some, mounted=1).values_list("disk_id", "host_id")
        away |= {disk: host for disk, host in rows if host and host != node.host_id}
    known = Host.objects.in_bulk(set(away.values()))
    return {disk: known[host] for disk, host in away.items() if host in known}


def _found(
    node: ArchiveNode, content: Content, hosts: dict[str, Host], *, look: bool
) -> list[Found]:
    here, away = [], []
    for row in content.copies:
        if catalogue.is_bad(row) or row.file_ignore:
            continue
        if (disk := node.disks.get(row.disk_id)) is not None:
            found = Found(row, disk, None)
            if not look or _is_there(node, found):
                here.append(found)
        elif row.disk_id in hosts:
            away.append(Found(row, None, hosts[row.disk_id]))
    if not here and not away:
        row = content.copies[0]
        raise Failed(UNAVAIL_FILE.say(f"{row.file_id}/Version: {row.file_version}"))
    return [*here, *away]


def _is_there(node: ArchiveNode, found: Found) -> bool:
    try:
        _open(found).close()
    except Damaged as error:
        _report(node, found, error.sentence)
        return False
    return True


def _content(node: ArchiveNode, ready: Ready) -> Iterator[bytes]:
    """The bytes of the first copy that begins as it should."""
    for found in ready.copies:
        pieces = _begun(node, found)
        if pieces is not None:
            yield from pieces
            return
    raise Cut(f"No copy of {ready.copies[0].row} can be had.")


def _begun(node: ArchiveNode, found: Found) -> Iterator[bytes] | None:
    """The checked pieces of a copy. None when it cannot be had, or is small and damaged."""
    row = found.row
    expected = announced(int(row.file_size), row.checksum, row.checksum_plugin)
    damaged = partial(_report, node, found)
    try:
        source = _local(found) if found.local else _remote(node, found)
        pieces = checked(source, expected, damaged)
        # All of a small file is seen before any of it is sent: another copy can take its place.
        return iter([b"".join(pieces)]) if row.file_size <= PIECE else pieces
    except Damaged as error:
        damaged(error.sentence)
    except (Cut, Unavailable, OSError):
        pass
    return None


def _open(found: Found) -> BinaryIO:
    assert found.disk is not None  # noqa: S101 - for the type
    return open_copy(found.disk.path, found.row)


def _local(found: Found) -> Iterator[bytes]:
    opened = _open(found)

    def pieces() -> Iterator[bytes]:
        with opened:
            while piece := opened.read(PIECE):
                yield piece

    return pieces()


def _remote(node: ArchiveNode, found: Found) -> Iterator[bytes]:
    """Unavailable when the other node does not give it."""
    row = found.row
    assert found.host is not None  # noqa: S101 - for the type
    which = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    peer = peers.fetch(node, found.host, "RETRIEVE", which, headers={relaying.RELAYED: "1"})
    if peer.status != 200 or peer.size != row.file_size:
        peer.close()
        raise Unavailable(f"{peer.who} does not give {row}.")
    return peer.pieces()


def _report(node: ArchiveNode, found: Found, finding: str) -> None:
    if found.disk is not None:
        damage.report(node, found.disk, found.row, finding)
    else:
        relaying.ask_to_check(node, found)
