"""The targets of this site: opened when they are first needed and again after they were away, and
chosen for each file by the rules of the worker's file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from lagan.hsm import marker as markers
from lagan.hsm.choosing import choose
from lagan.hsm.errors import BadMarker
from lagan.hsm.target import Target
from lagan.kit.errors import BadInput, LaganError, NotFound, Unavailable
from lagan.store.opening import open_volume
from lagan.store.posix import PosixVolume
from lagan.store.volume import Volume
from lagan.worker import place
from lagan.worker.archive_volume import is_archive, open_archive
from lagan.worker.place import Place
from lagan.worker.site import presence

Folder = tuple[int, int] | None
"""Device and inode of a folder; None for what is no folder of this machine."""


@dataclass(frozen=True, slots=True)
class _Opened:
    target: Target
    folder: Folder


_opened: dict[tuple[str, str, str, str | None], _Opened] = {}
_opening = Lock()


def target_called(name: str) -> Target:
    """The site's target of that name, the first one for an empty name. BadInput when there is none;
    Unavailable while it cannot be opened. One whose disk was away is opened again."""
    here = place.current()
    name = name or next(iter(here.targets), "")
    location = here.targets.get(name)
    if location is None:
        known = ", ".join(here.targets) or "none"
        raise BadInput(f"This site has no target {name!r}; there are: {known}.", target=name)
    key = (name, location, here.site, here.hub_url)
    with _opening:
        known_one = _opened.get(key)
        if known_one is None or known_one.folder != _folder(known_one.target.volume):
            _opened.pop(key, None)  # another disk, or none, may be there now
            target = _open(name, location, here)
            known_one = _opened[key] = _Opened(target, _folder(target.volume))
    presence.tell(known_one.target)
    return known_one.target


def require(name: str) -> None:
    """Open what a whole step needs: the target `name`, or the only one there is. What is away ends
    the step, to be tried again, and is nothing that its files failed at."""
    if name or len(place.current().targets) < 2:
        target_called(name)


def target_for(name: str, path: str, descriptor: int) -> Target:
    """Where an open file goes: to the target `name`; else to the one where it is, or was, already;
    else to the first that its path, size, age and owner fit. BadInput when none does."""
    if name:
        return target_called(name)
    here = place.current()
    with suppress(BadMarker):  # whoever moves the file will say so
        marker = markers.read(descriptor)
        if marker is not None and marker.target in here.targets:
            return target_called(marker.target)
    if not here.rules:
        return target_called("")
    chosen = choose(here.rules, path, os.fstat(descriptor), time.time())
    if chosen is None:
        raise BadInput("No target of this site takes this file.", path=path)
    return target_called(chosen)


@dataclass(frozen=True, slots=True)
class Look:
    """One target as it is now: whether it answers, else why not; bytes in all and free where it
    knows."""

    name: str
    location: str
    answers: bool
    reason: str = ""
    total: int | None = None
    free: int | None = None


def look_at_all() -> Iterator[Look]:
    """Every target of the site, asked now."""
    for name, location in place.current().targets.items():
        try:
            volume = target_called(name).volume
            with suppress(NotFound):
                volume.stat(f".lagan/hsm/{_NOTHING}.json")
            usage = volume.usage()
        except LaganError as error:
            yield Look(name, location, False, error.sentence)
        else:
            yield Look(name, location, True, "", usage.total, usage.free)


_NOTHING = "nobody-is-called-so"


def _open(name: str, location: str, here: Place) -> Target:
    try:
        volume: Volume = (
            open_archive(location, here) if is_archive(location) else open_volume(location)
        )
        target = Target(name, volume)
        target.sweep()
    except NotFound as error:
        raise Unavailable(f"The target {name} is not there: {error.sentence}") from None
    return target


def _folder(volume: Volume) -> Folder:
    if not isinstance(volume, PosixVolume):
        return None
    try:
        found = volume.root.stat()
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino
