"""CARCHIVE: a tree of files arrives in one body, and all of it is archived or nothing.

Files go to one disk as they come, in groups; the containers are made when all files are there, so
nobody sees half a container. A file's id is its bare name, as clients expect. Where that would make
files of different containers of one upload versions of one another, the later one's id is its path.
Versions that other uploads archived stay in their containers. Source: reference/ngas-http.md
sections 4.6 and 17.1.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from lagan.hub.doors.node.archival import events, space
from lagan.hub.doors.node.containers import changing
from lagan.hub.doors.node.containers.bodies import MOST
from lagan.hub.doors.node.containers.changing import Wanted
from lagan.hub.doors.node.containers.multipart import (
    BadContainer,
    Closed,
    Event,
    FileBegins,
    FileEnds,
    Opened,
    parse,
)
from lagan.hub.doors.node.containers.sizes import batched
from lagan.hub.doors.node.files import checksums, removing
from lagan.hub.doors.node.files.arriving import Facts, timed
from lagan.hub.doors.node.files.layout import base_name, type_of
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.reply import Call
from lagan.kit.errors import LaganError
from lagan.kit.ids import new_id
from lagan.store.volume import Incoming

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

GROUP_FILES = 200
"""Files that wait to be settled together: each holds a descriptor."""
GROUP_BYTES = 256 << 20
LONGEST_ID = 1024
UNTOLD = "application/octet-stream"

Key = tuple[str, int]
"""File id and version."""


def take(call: Call, disk: MountedDisk) -> list[Key]:
    """Archive the body of a request on a disk and say what was archived. On any error nothing of it
    stays. BadContainer, Cut and what the disk says."""
    upload = _Upload(call, disk)
    request = call.request
    top = request.headers.get("content-type", "")
    try:
        with space.in_line(call.node, disk):
            for event in parse(call.body.lent(), top, request.get("container_name")):
                upload.meet(event)
            upload.settle()
        changing.create(wanted=upload.top, parent=None, by=call.node.by, closed=True)
    except BaseException:
        upload.undo()
        raise
    space.look(call.node, disk)
    return upload.stored


def rows(keys: Sequence[Key], disk: MountedDisk) -> Iterator[StoredFile]:
    """The catalogue's rows of what was archived on a disk."""
    for some in batched(keys):
        wanted = set(some)
        found = StoredFile.objects.filter(disk_id=disk.id, file_id__in={id for id, _ in some})
        for row in found:
            if (row.file_id, int(row.file_version)) in wanted:
                yield row


@dataclass(slots=True)
class _Place:
    """A container that is being read: what it will be, and the newest size of each of its ids."""

    wanted: Wanted
    files: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Upload:
    """What of a body has come so far."""

    def __init__(self, call: Call, disk: MountedDisk) -> None:
        self._call, self._disk = call, disk
        config = call.node.config
        self._types = {each.extension: each.mime_type for each in config.mime_types.items}
        self._inside: list[_Place] = []
        self._containers = 0
        self._owner: dict[str, str] = {}
        self._incoming: Incoming | None = None
        self._file = FileBegins("", "")
        self._began = 0.0
        self._waiting: list[tuple[Incoming, Facts]] = []
        self._waiting_bytes = 0
        self.top = Wanted("")
        self.stored: list[Key] = []

    def meet(self, event: Event) -> None:
        """Do what the next event says."""
        match event:
            case Opened(name):
                self._open(name)
            case Closed():
                place = self._inside.pop()
                place.wanted.size = sum(place.files.values())
            case FileBegins():
                self._file, self._began = event, time.monotonic()
                self._incoming = self._disk.store.receive(new_id().hex)
            case FileEnds():
                self._end_file()
            case _:
                assert self._incoming is not None, "bytes are of a file"  # noqa: S101
                self._incoming.write([event])

    def settle(self) -> None:
        """Have what waits acknowledged."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        errors: list[BaseException] = []
        for each in self._call.node.arrivals.settle_many(self._disk, waiting):
            if isinstance(each, BaseException):
                errors.append(each)
            else:
                self.stored.append((each.row.file_id, int(each.row.file_version)))
        if errors:
            raise errors[0]

    def undo(self) -> None:
        """Take back all that came."""
        for incoming in (self._incoming, *(each for each, _ in self._waiting)):
            if incoming is not None:
                with suppress(LaganError):
                    incoming.discard()
        node = self._call.node
        for some in batched(rows(self.stored, self._disk)):
            removing.remove(node.disks, some, by=node.by, why="CARCHIVE was not finished")

    def _open(self, name: str) -> None:
        wanted = Wanted(name)
        self._containers += 1
        if self._containers > MOST:
            raise BadContainer(f"At most {MOST} containers are made at once.")
        if self._inside:
            outer = self._inside[-1]
            if name in outer.names:
                raise BadContainer(f"The container {outer.wanted.name} has two named {name}.")
            outer.names.add(name)
            outer.wanted.inner.append(wanted)
        else:
            self.top = wanted
        self._inside.append(_Place(wanted))

    def _end_file(self) -> None:
        incoming, self._incoming = self._incoming, None
        assert incoming is not None, "what ends has begun"  # noqa: S101
        place = self._inside[-1]
        try:
            facts = self._facts(incoming, place.wanted.id)
        except BaseException:
            incoming.discard()
            raise
        place.files[facts.file_id] = incoming.size
        self._waiting.append((incoming, facts))
        self._waiting_bytes += incoming.size
        if len(self._waiting) >= GROUP_FILES or self._waiting_bytes >= GROUP_BYTES:
            self.settle()

    def _facts(self, incoming: Incoming, container: str) -> Facts:
        bare = self._file.name.replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
        if not bare or not bare.isprintable():
            raise BadContainer(f"This is no name of a file: {self._file.name[:100]!r}.")
        # The whole name counts, so nothing in it is taken for an escape.
        name = base_name(quote(bare))
        told = self._file.type or type_of(name, self._types) or self._call.request.mime_type
        return Facts(
            file_id=self._id(bare, container),
            name=name,
            format=(told or UNTOLD)[:128],
            by=self._call.node.by,
            checksum=checksums.value(incoming.digests(), checksums.CRC32),
            checksum_name=checksums.CONTAINER_NAME,
            container=container,
            rate=timed(self._began, incoming.size),
            io_time=time.monotonic() - self._began,
        )

    def _id(self, name: str, container: str) -> str:
        above = [each.wanted.name for each in self._inside]
        for id in (name, "/".join([*above[1:], name]), "/".join([*above, name])):
            if self._owner.setdefault(id, container) == container:
                if len(id) > LONGEST_ID:
                    raise BadContainer(f"A file's id has at most {LONGEST_ID} characters.")
                return id
        raise BadContainer(f"There is no id left for {name}.")


def tell(node: ArchiveNode, keys: Sequence[Key], disk: MountedDisk) -> None:
    """Tell whoever waits for new files of these, once the answer was sent."""
    if events.anybody(node):
        for row in rows(keys, disk):
            events.tell(node, row)
