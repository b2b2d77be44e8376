"""The question `folder`: what is in a folder of the site, a page at a time, folders first, by name.

Arguments: `path` (none: the site's roots), `details` (the state of each file too), `hidden` (names
that begin with a dot too), `size` (entries of a page), `after` (the `next` of the page before).
Answer: `path`, `entries`, `next` (None at the end). An entry has `name`, `path`, `type` (directory,
file, link, other), `size` in bytes, `mtime` and `ctime` in seconds since the epoch, `mode` (the
permission bits), `owner`, `target` (of a link), and with `details` the `status` of a file (see
`lagan.hsm.states`; whether its target still has its content is not asked) and `pinned`, the pin
that holds for it (`ever`, or a time), where there is one.
"""

from __future__ import annotations

import os
import pwd
import stat as modes
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lagan.hsm.policy import pins
from lagan.hsm.policy.pins import Pin
from lagan.hsm.states import state_of
from lagan.kit.errors import BadInput, BadPath
from lagan.transfer import Item, page_of
from lagan.worker.answers import register_answer
from lagan.worker.site import paths, refusals
from lagan.worker.site.pinned import Pins

USUAL_SIZE, LARGEST_SIZE = 200, 1000
"""Entries of a page."""


@dataclass(frozen=True, slots=True)
class _Asked:
    path: str
    details: bool
    hidden: bool
    after: str | None
    size: int


def register() -> None:
    """Make the answer known."""
    register_answer("folder", folder)


def folder(args: Mapping[str, Any]) -> dict[str, Any]:
    """The answer. NotFound, Forbidden, BadInput (no folder, outside of the site, through a link,
    a wrong `after`), Unavailable."""
    asked = _read(args)
    if not asked.path:
        return {"path": "", "entries": [_root(each) for each in paths.roots()], "next": None}
    try:
        path = paths.locate(asked.path).path
        with paths.open_at(path, os.O_RDONLY | os.O_NONBLOCK) as opened:
            if not modes.S_ISDIR(os.fstat(opened).st_mode):
                raise BadInput(f"{ascii(path)} is not a folder.", reason="not-a-folder")
            return {"path": path, **_page(opened, path, asked)}
    except (OSError, BadPath) as error:
        raise refusals.refusal(error, asked.path) from None


def _read(args: Mapping[str, Any]) -> _Asked:
    path, after, size = args.get("path") or "", args.get("after"), args.get("size", USUAL_SIZE)
    if not isinstance(path, str):
        raise BadInput("A path is text.", field="path")
    if not (after is None or isinstance(after, str)):
        raise BadInput("The page's key is not one that was given out.", field="after")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST_SIZE:
        raise BadInput(f"A page has 1 to {LARGEST_SIZE} entries.", field="size")
    return _Asked(path, bool(args.get("details")), bool(args.get("hidden")), after, size)


def _page(opened: int, path: str, asked: _Asked) -> dict[str, Any]:
    """Only the names of the page are looked at closely: a large folder costs a reading of its
    names, in the memory of one page."""
    page = page_of(_names(opened, path, asked.hidden), after=asked.after, size=asked.size)
    above = Pins().of(path) if asked.details else None
    found = [_entry(opened, path, item.name, asked.details, above) for item in page.items]
    return {"entries": [each for each in found if each is not None], "next": page.next}


def _names(opened: int, path: str, hidden: bool) -> Iterator[Item]:
    ours = paths.ours_in(path)
    with os.scandir(opened) as entries:
        for each in entries:
            if each.name in ours or (each.name.startswith(".") and not hidden):
                continue
            is_folder = each.is_dir(follow_symlinks=False)
            yield Item(each.name, "folder" if is_folder else "file", 0, 0)


def _entry(
    opened: int, folder: str, name: str, details: bool, above: Pin | None
) -> dict[str, Any] | None:
    """The entry `name`, `above` which a pin holds; None when it has gone."""
    try:
        facts = os.stat(name, dir_fd=opened, follow_symlinks=False)
    except FileNotFoundError:
        return None
    entry = _told(name, paths.join(folder, name), facts)
    with suppress(OSError):  # it changes while we look: what is known is told
        if modes.S_ISLNK(facts.st_mode):
            entry["target"] = os.readlink(name, dir_fd=opened)
        elif details and modes.S_ISREG(facts.st_mode):
            entry["status"] = state_of(f"/proc/self/fd/{opened}/{name}", facts)
        pin = pins.later(above, pins.read(f"/proc/self/fd/{opened}/{name}")) if details else None
        if pin is not None and pin.holds(time.time()):
            entry["pinned"] = pin.as_text()
    return entry


def _root(path: str) -> dict[str, Any]:
    """A root under its whole path; without facts while it is not mounted."""
    try:
        return _told(path, path, Path(path).stat())
    except OSError:
        return {"name": path, "path": path, "type": "directory"}


def _told(name: str, path: str, facts: os.stat_result) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        "type": _TYPES.get(modes.S_IFMT(facts.st_mode), "other"),
        "size": facts.st_size,
        "mtime": facts.st_mtime,
        "ctime": facts.st_ctime,
        "mode": modes.S_IMODE(facts.st_mode),
        "owner": _owner(facts.st_uid),
    }


_TYPES = {modes.S_IFREG: "file", modes.S_IFDIR: "directory", modes.S_IFLNK: "link"}


@lru_cache(maxsize=1000)
def _owner(number: int) -> str:
    """The account's name; its number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
