"""The two steps of a send: one site brings content to a target that both have and tells there what
its files, folders and links are like; the other makes the same of it.

Whatever is there already with the same content is left as it is, so that what was broken off goes
on where it was. Folders get their time after all that a task put into them: the last of several
tasks leaves it right.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from lagan.hsm import marker as markers
from lagan.hsm import roots, telling
from lagan.hsm.errors import MissingAtTarget, Unfit
from lagan.hsm.folders import (
    Way,
    find_way,
    folder_at,
    link_at,
    make_link,
    stays_within,
    tell_way,
    wear,
)
from lagan.hsm.migrating import Outcome
from lagan.hsm.proving import expect_proven
from lagan.hsm.record import Record
from lagan.hsm.reverse import reverse_stub
from lagan.hsm.target import Target, Tick
from lagan.hsm.telling import Finder, told_by
from lagan.hsm.tombstones import GONE
from lagan.kit.errors import BadPath, LaganError
from lagan.worker import place
from lagan.worker.ledger import Claimed
from lagan.worker.site import paths, presence, tiering
from lagan.worker.site.items import each
from lagan.worker.site.paths import Spot
from lagan.worker.site.targets import target_called
from lagan.worker.steps import Context, register_step

FOLDER, LINK = "folder", "link"
"""What is counted beside the states of files."""


def register() -> None:
    """Make the steps known."""
    register_step("hsm.send", send)
    register_step("hsm.receive", receive)


def send(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Have the content of files at a target, verified, and what they, folders and links are like
    known there. A link that points out of the site's folder is skipped."""
    target = target_called(args.get("target") or "")
    _tell_above(target, items)
    files, others = _parted(items)
    told = each(context, others, lambda item, _: _tell(target, item))
    after = After(context, len(others))
    premigrate = {"premigrate": True, "target": args.get("target") or ""}
    brought = tiering.migrate(after, premigrate, files)
    if args.get("verify"):
        _prove(after, [item for item in files if item not in after.failed])
    return _together(told, brought)


def receive(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Make here what another site sent, at the same place; a path that is beneath none of this
    site's folders comes beneath the first of them."""
    arrival = Arrival(_all_targets(str(args.get("target") or "")), args)
    done = each(context, items, arrival.make)
    arrival.settle()
    return done


class After:
    """A step's context for the parts after the first, which remembers what failed."""

    def __init__(self, context: Context, done: int) -> None:
        self._context = context
        self._done = self._most = done
        self._bytes = 0
        self.failed: set[str] = set()

    @property
    def task(self) -> Claimed:
        """The same task."""
        return self._context.task

    def progress(self, done: int, bytes: int = 0) -> None:
        """Of both parts; looking at something once more is no progress."""
        self._most = max(self._most, self._done + done)
        self._bytes = max(self._bytes, bytes)
        self._context.progress(self._most, self._bytes)

    def fail_item(self, item: str, category: str, reason: str) -> None:
        """Remembered and told."""
        self.failed.add(item)
        self._context.fail_item(item, category, reason)

    def skip_item(self, item: str, category: str, reason: str) -> None:
        """Told."""
        self._context.skip_item(item, category, reason)

    def found(self, items: Sequence[str], size: int) -> None:
        """Told."""
        self._context.found(items, size)

    def leave_to_others(self, folders: Sequence[str]) -> None:
        """Told."""
        self._context.leave_to_others(folders)

    def token(self) -> str:
        """Of the same person."""
        return self._context.token()


class Arrival:
    """One task's making of what was sent."""

    def __init__(self, targets: Sequence[Target], args: Mapping[str, Any]) -> None:
        self._targets = targets
        self._args = args
        self._finders: dict[tuple[str, str], Finder] = {}
        self._folders: dict[str, tuple[str, bool]] = {}
        """Folders here that something was put into, with their path at the other site, and whether
        they were made for it."""

    def make(self, item: str, tick: Tick) -> Outcome:
        """Make one item. MissingAtTarget when no other site told of it; else as `reverse_stub`."""
        origin = paths.tidy(item)
        spot = _spot_or_none(origin)
        here = roots.name_of(spot.root if spot else place.current().first_root())
        for target in self._targets:
            record = self._finder(target, here).file(origin)
            if record is not None:
                spot = spot or _beneath_first(record.path)
                self._open_up(spot, origin)
                return self._file(spot, record, target, tick)
        way = self._way(origin, here)
        if way is None:
            raise MissingAtTarget(f"No other site told a target of {origin!a}.")
        spot = spot or _beneath_first(way.path)
        self._open_up(spot, origin)
        return self._link(spot, way) if way.text is not None else self._folder(spot, way)

    def settle(self) -> None:
        """Give all folders that something was put into what they are to wear."""
        for path, (origin, made) in sorted(self._folders.items(), reverse=True):
            spot = paths.locate(path)
            way = self._way(origin, roots.name_of(spot.root))
            if way is not None and way.text is None and (made or way.sent):
                # What cannot be set here was told with the folder itself, if that was sent.
                with suppress(LaganError, OSError):
                    _wear(spot, way)

    def _finder(self, target: Target, here: str) -> Finder:
        key = (target.name, here)
        if key not in self._finders:
            self._finders[key] = Finder(target.volume, here)
        return self._finders[key]

    def _way(self, origin: str, here: str) -> Way | None:
        for target in self._targets:
            way = find_way(target.volume, self._finder(target, here), origin, here)
            if way is not None:
                return way
        return None

    def _file(self, spot: Spot, record: Record, target: Target, tick: Tick) -> Outcome:
        with paths.beside(spot) as (folder, name):
            return reverse_stub(
                folder,
                name,
                record,
                target,
                hydrate=bool(self._args.get("hydrate")),
                stub_size=int(self._args.get("stub_size") or 0),
                skip_hash=bool(self._args.get("skip_hash")),
                overwrite=bool(self._args.get("overwrite")),
                verify=bool(self._args.get("verify")),
                tick=tick,
            )

    def _link(self, spot: Spot, way: Way) -> Outcome:
        if not stays_within(spot.relative, way.text or ""):
            raise Unfit("This link points out of the site's folder.", kind=LINK)
        with paths.beside(spot) as (folder, name):
            return Outcome(LINK, already=not make_link(folder, name, way))

    def _folder(self, spot: Spot, way: Way) -> Outcome:
        made = _make_folder(spot)
        self._folders[spot.path] = (way.origin, made)
        return Outcome(FOLDER, already=not _wear(spot, way) and not made)

    def _open_up(self, spot: Spot, origin: str) -> None:
        """Have the folder that `spot` is in, and those above it; they are dressed in the end."""
        folder, away = paths.above(spot), origin.rpartition("/")[0]
        if not folder.relative:
            return
        made = False
        try:
            os.close(paths.opened(folder, os.O_PATH | os.O_DIRECTORY))
        except FileNotFoundError:
            self._open_up(folder, away)
            made = _make_folder(folder)
        known = self._folders.get(folder.path)
        self._folders[folder.path] = (away, made or (known is not None and known[1]))


def _all_targets(name: str) -> list[Target]:
    """The target `name`, or all of the site's: the other site may choose among several. They know
    of this site's folders."""
    found = [target_called(each) for each in ([name] if name else place.current().targets or [""])]
    for each_one in found:
        presence.expect_told(each_one)
    return found


def _tell_above(target: Target, items: Iterable[str]) -> None:
    """Tell what the folders above some items are like: where they are missing they are made."""
    seen: set[str] = set()
    for item in items:
        with suppress(BadPath, OSError):
            spot = paths.above(paths.locate(item))
            while spot.relative and spot.path not in seen:
                seen.add(spot.path)
                _tell_folder(target, spot, sent=False)
                spot = paths.above(spot)


def _parted(items: Iterable[str]) -> tuple[list[str], list[str]]:
    """Files, and what else there is; what cannot be looked at counts as a file."""
    files: list[str] = []
    others: list[str] = []
    for item in items:
        mode = 0
        with suppress(BadPath, OSError):
            mode = paths.stat(item).st_mode
        (others if S_ISDIR(mode) or S_ISLNK(mode) else files).append(item)
    return files, others


def _tell(target: Target, item: str) -> Outcome:
    spot = paths.locate(item)
    if S_ISDIR(paths.stat(spot).st_mode):
        return Outcome(FOLDER, already=not _tell_folder(target, spot, sent=True))
    with paths.beside(spot) as (folder, name):
        way = link_at(folder, name, spot.relative, spot.path, roots.name_of(spot.root))
    if not stays_within(way.path, way.text or ""):
        raise Unfit("This link points out of the site's folder.", kind=LINK)
    return Outcome(LINK, already=not _tell_way(target, way))


def _tell_folder(target: Target, spot: Spot, *, sent: bool) -> bool:
    with paths.open_at(spot, os.O_RDONLY | os.O_DIRECTORY) as folder:
        root = roots.name_of(spot.root)
        return _tell_way(target, folder_at(folder, spot.relative, spot.path, root, sent=sent))


def _tell_way(target: Target, way: Way) -> bool:
    """Tell it, and that no file is at its path any more; whether it was news."""
    if not tell_way(target.volume, way):
        return False
    file = told_by(target.volume, way.path, way.root)
    if file is not None:
        telling.end(target.volume, file, GONE)
        telling.forget(target.volume, file)
    return True


def _prove(context: Context, items: Sequence[str]) -> None:
    """Read the objects of files once more; what is not what it must be is told."""

    def act(item: str, tick: Tick) -> Outcome:
        with paths.open_quietly(paths.locate(item), os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            marker = markers.read(descriptor)
            if not S_ISREG(os.fstat(descriptor).st_mode) or marker is None:
                raise Unfit("Somebody put something else in its place.", kind="special")
        target = target_called(marker.target)
        expect_proven(target, marker.object, marker.size, marker.sha256, tick)
        return Outcome(marker.state)

    each(context, items, act)


def _wear(spot: Spot, way: Way) -> bool:
    with paths.open_at(spot, os.O_RDONLY | os.O_DIRECTORY) as folder:
        return wear(folder, way)


def _make_folder(spot: Spot) -> bool:
    """Make one folder; whether it was not there. NotADirectoryError where something else is."""
    with paths.beside(spot) as (above, name):
        try:
            os.mkdir(name, dir_fd=above)
        except FileExistsError:
            os.close(paths.opened(spot, os.O_PATH | os.O_DIRECTORY))
            return False
        os.fsync(above)
    return True


def _beneath_first(relative: str) -> Spot:
    return paths.locate(paths.join(str(place.current().first_root()), relative))


def _spot_or_none(item: str) -> Spot | None:
    """Where an item of another site is here, None when it is beneath none of our folders."""
    try:
        return paths.locate(item)
    except BadPath as error:
        if error.facts.get("reason") == "outside":
            return None
        raise


def _together(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of several parts as those of one."""
    states: dict[str, int] = {}
    for part in parts:
        for state, count in part["states"].items():
            states[state] = states.get(state, 0) + count
    return {"states": dict(sorted(states.items())), "bytes": sum(part["bytes"] for part in parts)}
