"""A copy on a disk of this node becomes an answer: checked where that costs nothing, by the
kernel's own copy where it is large.

Up to `SMALL` bytes are read and checked before the first is sent; so are copies that were never
looked at, on their way. Larger ones are sent as they are: the data check looks at them. Source:
reference/ngas-http.md section 4.3.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import BinaryIO
from urllib.parse import quote

from lagan.hub.doors.node.files.expecting import Expected, checked
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.wire.moments import read_local
from lagan.hub.doors.node.wire.ranges import Part, part_of
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.digests import as_repr_digest
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.paths import open_beneath

SMALL = 1 << 20
"""Bytes that are read at once."""

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN}
"""Errors that say nothing of a file, only of this node at this moment."""

Headers = list[tuple[str, str]]


class Damaged(LaganError):
    """A copy is not what it should be; the sentence says how, without its end."""

    code, status = "copy-damaged", 500


@dataclass(frozen=True, slots=True)
class Representation:
    """What is said of a file before its bytes."""

    size: int
    name: str
    type: str
    etag: str
    sha256: str | None = None
    modified: datetime | None = None
    gzip: bool | None = None
    """For files that the catalogue calls `gzip`: whether they go out as an encoding."""

    @property
    def headers(self) -> Headers:
        """The lines, without those of a part."""
        found = [
            ("Content-Type", self.type),
            ("Content-Disposition", disposition(self.name)),
            ("Accept-Ranges", "bytes"),
            ("ETag", self.etag),
        ]
        if self.modified is not None:
            found.append(("Last-Modified", format_datetime(self.modified, usegmt=True)))
        if self.sha256 is not None:
            found.append(("Repr-Digest", as_repr_digest(self.sha256)))
        if self.gzip is not None:
            found.append(("Vary", "Accept-Encoding"))
        if self.gzip:
            found.append(("Content-Encoding", "gzip"))
        return found


def represent(row: StoredFile, proof: Proof | None, request: Mapping[str, str]) -> Representation:
    """How a copy is shown to who sent these request headers."""
    name, zipped = row.file_name.rpartition("/")[2], None
    if row.compression == "gzip":
        zipped = _accepts_gzip(request.get("accept-encoding", ""))
        bare = name.removesuffix(".gz")
        name = bare if zipped else f"{bare}.gz"
    sha256 = proof.sha256 if proof is not None else None
    tag = sha256 or f"{row.checksum or 'x'}-{row.file_size}-{row.file_version}"
    return Representation(
        size=int(row.file_size),
        name=name,
        type=row.format or "application/octet-stream",
        etag=f'"{tag}{"-gzip" if zipped else ""}"',
        sha256=sha256,
        modified=_moment(row.ingestion_date),
        gzip=zipped,
    )


def disposition(name: str) -> str:
    """An attachment of this name; one that is not plain is given twice, as RFC 6266 says."""
    plain = name.replace("\\", "_").replace('"', "_").encode("ascii", "replace").decode()
    shown = f'attachment; filename="{plain}"'
    return shown if plain == name else f"{shown}; filename*=UTF-8''{quote(name, safe='')}"


def conditions(request: Mapping[str, str], shown: Representation) -> int | None:
    """304 or 412 where the conditions of a request say so (RFC 9110, section 13.2.2)."""
    if "if-match" in request:
        if not _names(request["if-match"], shown.etag):
            return 412
    elif (since := _date(request.get("if-unmodified-since"))) and _newer(shown, since):
        return 412
    if "if-none-match" in request:
        return 304 if _names(request["if-none-match"], shown.etag, weak=True) else None
    since = _date(request.get("if-modified-since"))
    return 304 if since and shown.modified and not _newer(shown, since) else None


def part_for(request: Mapping[str, str], shown: Representation) -> Part:
    """The part that is asked for; the whole when If-Range names another state of the file."""
    asked, unless = request.get("range", ""), request.get("if-range", "").strip()
    if unless and unless != shown.etag:
        return part_of(shown.size, "")
    return part_of(shown.size, asked)


def begin(request: Mapping[str, str], shown: Representation) -> tuple[Part, Answer | None]:
    """The part to send, with the whole answer when there is nothing to send."""
    if (status := conditions(request, shown)) is not None:
        return Part(0, 0, shown.size), Answer(status, shown.headers)
    part = part_for(request, shown)
    if part.status == 416:
        return part, Answer(416, [*shown.headers, *part.headers])
    return part, None


def send(
    root: str | os.PathLike[str],
    row: StoredFile,
    shown: Representation,
    expected: Expected,
    request: Mapping[str, str],
    *,
    looked_at: bool,
    damaged: Callable[[str], None],
) -> Answer:
    """The answer with the copy beneath `root`. `looked_at`: its bytes were seen to be right some
    time. Damaged before anything is sent; `damaged` is told what is found later."""
    opened = open_copy(root, row)
    try:
        part, early = begin(request, shown)
        if early is not None:
            opened.close()
            return early
        headers = [*shown.headers, *part.headers]
        count = part.stop - part.start
        if shown.size <= SMALL:
            content = _read_checked(opened, expected)
            return Answer(part.status, headers, content[part.start : part.stop])
        if not looked_at and expected.checkable and count == shown.size:
            pieces = checked(_pieces(opened), expected, damaged)
            return Answer(part.status, headers, pieces, size=count, after=opened.close)
        return Answer(part.status, headers, file=(opened, part.start, count))
    except BaseException:
        opened.close()
        raise


def open_copy(root: str | os.PathLike[str], row: StoredFile) -> BinaryIO:
    """The copy's file, as long as the catalogue says, beneath the volume and through no link.
    Damaged, or Unavailable when this node cannot open anything now."""
    try:
        descriptor = open_beneath(root, row.file_name, os.O_RDONLY | os.O_NONBLOCK)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise Damaged("it is no file")
        opened = os.fdopen(descriptor, "rb", buffering=0)
    except Damaged:
        raise
    except FileNotFoundError:
        raise Damaged("it is not there") from None
    except LaganError as error:
        raise Damaged(f"it cannot be opened ({error.sentence})") from None
    except OSError as error:
        if error.errno in _OURS:
            raise Unavailable(f"The file cannot be opened now: {error.strerror}.") from None
        raise Damaged(f"it cannot be opened ({error.strerror})") from None
    if found.st_size != row.file_size:
        opened.close()
        raise Damaged(f"it has {found.st_size} bytes instead of {row.file_size}")
    return opened


def _read_checked(opened: BinaryIO, expected: Expected) -> bytes:
    check, content = expected.check(), b""
    try:
        with opened:
            content = b"".join(_pieces(opened))
    except OSError as error:
        raise Damaged(f"it cannot be read ({error})") from None
    check.update(content)
    if finding := check.finding():
        raise Damaged(finding)
    return content


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    while piece := opened.read(SMALL):
        yield piece


def _accepts_gzip(header: str) -> bool:
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _names(header: str, etag: str, *, weak: bool = False) -> bool:
    tags = [each.strip() for each in header.split(",")]
    if weak:
        tags = [each.removeprefix("W/") for each in tags]
    return "*" in tags or etag in tags


def _newer(shown: Representation, since: datetime) -> bool:
    return shown.modified is not None and shown.modified.replace(microsecond=0) > since


def _date(header: str | None) -> datetime | None:
    with suppress(ValueError, TypeError):
        found = parsedate_to_datetime(header or "")
        return found if found.tzinfo is not None else None
    return None


def _moment(text: str | None) -> datetime | None:
    with suppress(InvalidParameter):
        return read_local(text or "", "ingestion_date").astimezone(UTC)
    return None
