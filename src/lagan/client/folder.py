"""A folder of ours into a dataset, and a dataset into a folder: what is there already does not
travel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lagan.client.batch import Acknowledgement, Member
from lagan.client.hub import Hub
from lagan.client.lookup import MOST_FILES, State, Wanted
from lagan.client.whole import Changed
from lagan.kit.errors import BadInput
from lagan.kit.paths import check_relative

SMALL = 1 << 20
"""Bytes up to which a file goes into a batch."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a file: `stored`, `present` or `refused` (with a reason)."""

    path: str
    status: str
    size: int
    sha256: str | None = None
    reason: str = ""


def put(hub: Hub, dataset: str, source: Path, under: str = "") -> Iterator[Sent]:
    """Send a file, or all files below a folder, into a dataset beneath the path `under`.

    Links are not followed. BadInput when `source` cannot be read.
    """
    files = list(_files(source, under))
    for start in range(0, len(files), MOST_FILES):
        yield from _put(hub, dataset, files[start : start + MOST_FILES])


def get(hub: Hub, dataset: str, target: Path, folder: str = "") -> Iterator[tuple[str, int]]:
    """Fetch all files below a folder of the dataset to `target`; each (path, bytes) as it is
    there."""
    for row in hub.files(dataset, folder):
        path = check_relative(str(row["path"]))
        if row["is_folder"]:
            yield from get(hub, dataset, target, path)
            continue
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        yield path, hub.download(dataset, path, place).size


@dataclass(frozen=True, slots=True)
class _File:
    source: Path
    path: str
    size: int
    mtime_ns: int


def _files(source: Path, under: str) -> Iterator[_File]:
    if not source.is_dir():
        yield _seen(source, f"{under}/{source.name}" if under else source.name)
        return
    for place, folders, names in os.walk(source, onerror=_unreadable):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if file.is_file() and not file.is_symlink():
                inside = file.relative_to(source).as_posix()
                yield _seen(file, f"{under}/{inside}" if under else inside)


def _put(hub: Hub, dataset: str, files: list[_File]) -> Iterator[Sent]:
    rows = [(each.path, each.size, each.mtime_ns) for each in files]
    (known,) = hub.look_up([Wanted(dataset, rows)])
    there = (State.SAME, State.VERIFIED)
    missing = []
    for file, state in zip(files, known.states, strict=True):
        if state in there:
            yield Sent(file.path, "present", file.size)
        elif state is State.REFUSED_NAME:
            yield Sent(file.path, "refused", file.size, reason="The hub cannot keep this name.")
        else:
            missing.append(file)
    small = [file for file in missing if file.size <= SMALL]
    members = (Member(dataset, each.path, each.mtime_ns, _reader(each)) for each in small)
    yield from (_sent(each) for each in hub.send_batch(members))
    for file in missing:
        if file.size > SMALL:
            stored = hub.upload(file.source, dataset, file.path)
            yield Sent(file.path, "stored", stored.size, stored.sha256)


def _sent(each: Acknowledgement) -> Sent:
    reason = each.error.sentence if each.error else ""
    return Sent(each.member.path, each.status, each.size, each.sha256, reason)


def _reader(file: _File) -> Callable[[], bytes]:
    return lambda: _content(file)


def _content(file: _File) -> bytes:
    try:
        content = file.source.read_bytes()
        now = file.source.stat()
    except OSError as error:
        raise BadInput(f"{file.source} cannot be read: {error.strerror}.") from None
    if (len(content), now.st_mtime_ns) != (file.size, file.mtime_ns):
        raise Changed(f"{file.source} changed while it was sent.")
    return content


def _seen(source: Path, path: str) -> _File:
    try:
        seen = source.stat()
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from None
    return _File(source, check_relative(path), seen.st_size, seen.st_mtime_ns)


def _unreadable(error: OSError) -> None:
    raise BadInput(f"{error.filename} cannot be read: {error.strerror}.") from None
