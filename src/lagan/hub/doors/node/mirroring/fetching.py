"""One file of another cluster comes here, with its id, version, path and dates, and only when its
bytes are those that the other catalogue says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lagan.hub.doors.node.archival import space
from lagan.hub.doors.node.archival.file_info import FileInfo, of_attributes, require_agreement
from lagan.hub.doors.node.archival.storing import NoStorageSets, settle
from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.cluster.peers import PeerAnswer
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.files.arriving import Facts, receive, timed
from lagan.hub.doors.node.models import MirrorItem
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import NO_STORAGE_SETS
from lagan.kit.digests import Digests
from lagan.kit.errors import LaganError, Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


class Stopped(LaganError):
    """The node is to end; nothing was kept."""

    code, status, permanent = "stopped", 503, False


def fetch(node: ArchiveNode, row: MirrorItem, servers: Sequence[str], stop: threading.Event) -> str:
    """Fetch a file from the first server that gives it right; what is to be noted of that. The last
    server's refusal when none does; Stopped."""
    info = of_attributes(xml.read((row.xml_file_info or "").encode()).attributes)
    if catalogue.copies(info.file_id, version=info.version):
        return "it was here already"
    reason: LaganError = Unavailable("There is no server to ask.")
    for server in servers:
        try:
            _from(node, server, info, stop)
        except (NoStorageSets, Stopped):
            raise
        except LaganError as error:
            reason = error
        else:
            return f"from {server}"
    raise reason


def _from(node: ArchiveNode, server: str, info: FileInfo, stop: threading.Event) -> None:
    disk = _disk(node, info)
    began = time.monotonic()
    with _asked(node, server, info) as answer:
        if answer.status != 200:
            raise Unavailable(f"{answer.who} answered {answer.status}: {answer.message}")
        incoming = receive(disk, _until(stop, answer.pieces()))
    try:
        require_agreement(info, incoming.digests())
    except LaganError:
        incoming.discard()
        raise
    checksum, variant = _checksum(node, info, incoming.digests())
    facts = Facts(
        file_id=info.file_id,
        name=(info.path or info.file_id).rpartition("/")[2] or "file",
        format=info.format or "application/octet-stream",
        by=node.by,
        checksum=checksum,
        checksum_name=variant,
        version=info.version,
        path=info.path,
        uncompressed_size=info.uncompressed_size,
        compression=info.compression,
        created=info.created,
        ingested=info.ingested,
        rate=timed(began, incoming.size),
        io_time=time.monotonic() - began,
    )
    settle(node, disk, incoming, facts, replicated=False)
    space.look(node, disk)


def _until(stop: threading.Event, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if stop.is_set():
            raise Stopped("The node is to end.")
        yield piece


def _checksum(node: ArchiveNode, info: FileInfo, found: Digests) -> tuple[str | None, str | None]:
    """The other catalogue's; one of ours where that has none."""
    if info.checksum:
        return info.checksum, info.checksum_name
    variant = node.config.archiving.checksum if node.config.archiving else checksums.CRC32
    return checksums.value(found, variant), variant


def _asked(node: ArchiveNode, server: str, info: FileInfo) -> PeerAnswer:
    """The answer of the server, or of the one to which it points, once."""
    parameters = {"file_id": info.file_id, "file_version": info.version}
    answer = peers.fetch(node, server, "RETRIEVE", parameters, internal=False)
    if answer.status == 303:
        answer.close()
        there = urlsplit(answer.headers.get("location", "")).netloc
        if there:
            return peers.fetch(node, there, "RETRIEVE", parameters, internal=False)
    return answer


def _disk(node: ArchiveNode, info: FileInfo) -> MountedDisk:
    """By the storage sets of the type's Stream where there is one, else any. NoStorageSets."""
    least = max(info.size or 0, 1)
    streams = {each.mime_type: each for each in node.config.streams.items}
    sets = streams[info.format].storage_sets if info.format in streams else ()
    found = node.disks.fullest(sets, least, replicate=False) if sets else node.disks.anywhere(least)
    if found is None:
        raise NoStorageSets(NO_STORAGE_SETS.say(info.format))
    return found
