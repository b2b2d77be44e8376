"""A container on its way out: as nested MIME multipart or as a tar archive, laid out beforehand so
that its length is known; pure.

Source: reference/ngas-http.md section 4.6. Names in one container differ: of equal ones the later
gets a number, so that nothing is lost where it is unpacked.
"""

from __future__ import annotations

import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lagan.hub.doors.node.containers.groups import Group
from lagan.hub.doors.node.models import StoredFile
from lagan.kit.tar import END, padding

MULTIPART, TAR = "ngas/container", "application/x-tar"
FOLDER_MODE, FILE_MODE = 0o755, 0o644


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, of any of its copies."""

    copies: Sequence[StoredFile]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.copies[0].file_size)


Layout = Iterator[bytes | Content]


def length(layout: Iterable[bytes | Content]) -> int:
    """Bytes of the whole."""
    return sum(len(each) if isinstance(each, bytes) else each.size for each in layout)


def as_multipart(
    group: Group, boundary: Callable[[], str] = lambda: secrets.token_hex(16)
) -> Layout:
    """The message. Sub-containers come before files, as deployed clients see them."""
    mark = boundary()
    yield (
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; container_name="{_quoted(group.row.container_name)}"; '
        f'boundary="{mark}"\r\n\r\n'
    ).encode()
    delimiter = f"\r\n--{mark}".encode()
    for each in group.groups:
        yield delimiter + b"\r\n"
        yield from as_multipart(each, boundary)
    names = distinct(_name(copies[0]) for copies in group.files)
    for name, copies in zip(names, group.files, strict=True):
        yield delimiter + _part_head(name, copies[0]) + b"\r\n\r\n"
        yield Content(copies)
    yield delimiter + b"--"


def as_tar(group: Group) -> Layout:
    """The archive: a folder named as the container, everything beneath."""
    yield from _folder(group, _safe(group.row.container_name))
    yield END


def _folder(group: Group, path: str) -> Layout:
    yield _header(path, tarfile.DIRTYPE, FOLDER_MODE, 0)
    names = distinct(
        [
            *(_safe(each.row.container_name) for each in group.groups),
            *(_safe(_name(copies[0])) for copies in group.files),
        ]
    )
    for each in group.groups:
        yield from _folder(each, f"{path}/{next(names)}")
    for copies in group.files:
        content = Content(copies)
        yield _header(f"{path}/{next(names)}", tarfile.REGTYPE, FILE_MODE, content.size)
        yield content
        yield padding(content.size)


def _header(path: str, kind: bytes, mode: int, size: int) -> bytes:
    made = tarfile.TarInfo(path)
    made.type, made.mode, made.size, made.mtime = kind, mode, size, 0
    # A long or foreign name, or a large size, gets a record of its own; all else is plain ustar.
    return made.tobuf(tarfile.PAX_FORMAT)


def distinct(names: Iterable[str]) -> Iterator[str]:
    """The names; one that came before gets a number before its extension."""
    seen: set[str] = set()
    for name in names:
        stem, dot, extension = name.rpartition(".")
        stem, end = (stem, dot + extension) if stem else (name, "")
        given, number = name, 1
        while given in seen:
            number += 1
            given = f"{stem}~{number}{end}"
        seen.add(given)
        yield given


def _name(row: StoredFile) -> str:
    return row.file_name.rpartition("/")[2] or "_"


def _safe(name: str) -> str:
    """One part of a path, whatever a table of somebody else says."""
    bare = name.replace("/", "_").replace("\0", "_")
    return "_" if bare in ("", ".", "..") else bare


def _part_head(name: str, row: StoredFile) -> bytes:
    kind = row.format or "application/octet-stream"
    return (
        f"\r\nContent-Type: {_one_line(kind)}\r\n"
        f'Content-Disposition: attachment; filename="{_quoted(name)}"'
    ).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    # Deployed clients' parser cannot read a backslash at the end of a quoted text.
    return _one_line(text).replace("\\", "_").replace('"', '\\"')


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else "_" for each in text)
