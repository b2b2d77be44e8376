"""The steps that move content between a site's files and its targets, or remove files: each item
ends as it should be, or with the reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from stat import S_ISDIR, S_ISLNK, S_ISREG
from threading import Lock
from typing import Any

from lagan.hsm import marker as markers
from lagan.hsm.deleting import delete as remove
from lagan.hsm.errors import MissingAtTarget, Unfit
from lagan.hsm.migrating import Outcome
from lagan.hsm.migrating import migrate as bring_away
from lagan.hsm.recalling import recall as bring_back
from lagan.hsm.reverse import reverse_stub as make_stub
from lagan.hsm.states import MISSING, UNMANAGED, state_of
from lagan.hsm.target import Target, Tick
from lagan.kit.errors import BadInput, BadPath, NotFound, Unavailable
from lagan.store.opening import open_volume
from lagan.worker import place
from lagan.worker.site import paths
from lagan.worker.site.items import alone, each
from lagan.worker.site.paths import Spot
from lagan.worker.steps import Context, register_step


def register() -> None:
    """Make the steps `hsm.*` known."""
    register_step("hsm.migrate", migrate)
    register_step("hsm.recall", recall)
    register_step("hsm.reverse_stub", reverse_stub)
    register_step("hsm.delete", delete)
    register_step("hsm.stat", stat)


def migrate(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Bring each file's content to a target; without `premigrate` let go of its space."""
    target = target_called(args.get("target") or "")

    def act(item: str, tick: Tick) -> Outcome:
        with _file(item, letting_go=not args.get("premigrate")) as (spot, descriptor):
            return bring_away(
                descriptor,
                spot.relative,
                target,
                origin=spot.path,
                premigrate=bool(args.get("premigrate")),
                stub_size=int(args.get("stub_size") or 0),
                overwrite=bool(args.get("overwrite")),
                tick=tick,
            )

    return each(context, items, act)


def recall(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Bring the content of migrated files back from where their markers say it is."""

    def act(item: str, tick: Tick) -> Outcome:
        with _file(item) as (_, descriptor):
            marker = markers.read(descriptor)
            if marker is None or not marker.away:
                return Outcome(state_of(descriptor, os.fstat(descriptor)), already=True)
            target = target_called(marker.target)
            return bring_back(descriptor, target, skip_hash=bool(args.get("skip_hash")), tick=tick)

    return each(context, items, act)


def reverse_stub(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Make files here of what another site brought to the target. A path that is beneath none of
    this site's folders comes to the same place beneath the first of them."""
    target = target_called(args.get("target") or "")

    def act(item: str, tick: Tick) -> Outcome:
        spot = _spot_or_none(item)
        record = target.find(paths.tidy(item), spot.relative if spot else "")
        spot = spot or paths.locate(paths.join(str(place.current().first_root()), record.path))
        paths.make_folders(paths.above(spot))
        with paths.beside(spot) as (folder, name):
            return make_stub(
                folder,
                name,
                record,
                target,
                hydrate=bool(args.get("hydrate")),
                stub_size=int(args.get("stub_size") or 0),
                skip_hash=bool(args.get("skip_hash")),
                overwrite=bool(args.get("overwrite")),
                tick=tick,
            )

    return each(context, items, act)


def delete(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Remove files, links and empty folders from the site, the deepest first."""

    def act(item: str, tick: Tick) -> Outcome:
        try:
            with paths.beside(item) as (folder, name):
                return Outcome("deleted", already=not remove(folder, name))
        except FileNotFoundError:  # its folder went before it
            return Outcome("deleted", already=True)

    return each(context, sorted(items, key=lambda item: -item.count("/")), act, at_once=1)


def stat(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Count the files by state; what the target does not hold any more is a failure."""

    def act(item: str, tick: Tick) -> Outcome:
        state = look(item)
        if state == MISSING:
            raise MissingAtTarget("The target does not hold the content of this file.")
        return Outcome(state)

    return each(context, items, act)


def look(item: str) -> str:
    """The state of one path, its target asked; folders and links are unmanaged."""
    found = paths.stat(item)
    if not S_ISREG(found.st_mode):
        return UNMANAGED
    with paths.beside(item) as (folder, name):  # opening it could bring it back
        way = f"/proc/self/fd/{folder}/{name}"
        state = state_of(way, found)
        marker = None if state == MISSING else markers.read(way)
    if marker is None:
        return state
    there = target_called(marker.target).size(marker.object) == marker.size
    return state if there else MISSING


_opened: dict[str, Target] = {}
_opening = Lock()


def target_called(name: str) -> Target:
    """The site's target of that name, the first one for an empty name. BadInput when there is none;
    Unavailable while it cannot be opened."""
    targets = place.current().targets
    name = name or next(iter(targets), "")
    location = targets.get(name)
    if location is None:
        known = ", ".join(targets) or "none"
        raise BadInput(f"This site has no target {name!r}; there are: {known}.", target=name)
    with _opening:
        known_one = _opened.get(f"{name} {location}")
        if known_one is None:
            known_one = _opened[f"{name} {location}"] = _open(name, location)
        return known_one


def _open(name: str, location: str) -> Target:
    try:
        target = Target(name, open_volume(location))
        target.sweep()
    except NotFound as error:
        raise Unavailable(f"The target {name} is not there: {error.sentence}") from None
    return target


@contextmanager
def _file(item: str, *, letting_go: bool = False) -> Iterator[tuple[Spot, int]]:
    """A file, open for reading and writing. Unfit, with the fact `kind`, for anything else."""
    spot = paths.locate(item)
    found = paths.stat(spot)
    if not S_ISREG(found.st_mode):
        mode = found.st_mode
        kind = "link" if S_ISLNK(mode) else "folder" if S_ISDIR(mode) else "special"
        raise Unfit(f"Only the content of files can move; this is a {kind}.", kind=kind)
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    with (
        alone(found.st_dev, found.st_ino),
        paths.open_quietly(spot, flags, letting_go=letting_go) as descriptor,
    ):
        yield spot, descriptor


def _spot_or_none(item: str) -> Spot | None:
    """Where an item of another site is here, None when it is beneath none of our folders."""
    try:
        return paths.locate(item)
    except BadPath as error:
        if error.facts.get("reason") == "outside":
            return None
        raise
