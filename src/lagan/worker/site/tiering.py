"""The steps that move content between a site's files and its targets, or remove files: each item
ends as it should be, or with the reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from lagan.hsm import marker as markers
from lagan.hsm.deleting import delete as remove
from lagan.hsm.errors import MissingAtTarget, Unfit
from lagan.hsm.migrating import Outcome, migration
from lagan.hsm.recalling import recollection
from lagan.hsm.reverse import reverse_stub as make_stub
from lagan.hsm.states import MISSING, UNMANAGED, state_of
from lagan.hsm.target import Tick
from lagan.hsm.telling import end
from lagan.hsm.together.asking import SMALL
from lagan.hsm.together.group import Move
from lagan.hsm.tombstones import DELETED
from lagan.kit.errors import BadPath, LaganError
from lagan.worker import place
from lagan.worker.site import paths, presence
from lagan.worker.site.heeding import admitted
from lagan.worker.site.items import Apart, alone, each, each_together, widen_descriptors
from lagan.worker.site.parting import last_words
from lagan.worker.site.paths import Spot
from lagan.worker.site.targets import require as require_target
from lagan.worker.site.targets import target_called, target_for
from lagan.worker.steps import Context, register_step


def register() -> None:
    """Make the steps `hsm.*` known."""
    widen_descriptors()
    register_step("hsm.migrate", migrate)
    register_step("hsm.recall", recall)
    register_step("hsm.reverse_stub", reverse_stub)
    register_step("hsm.delete", delete)
    register_step("hsm.stat", stat)


def migrate(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Bring each file's content to a target, the one that the site's rules choose when none is
    named; without `premigrate` let go of its space."""
    wanted = args.get("target") or ""
    require_target(wanted)

    def begin(item: str, tick: Tick, singly: bool) -> Move[Outcome]:
        with _file(item, singly, letting_go=not args.get("premigrate")) as (spot, descriptor):
            return (
                yield from migration(
                    descriptor,
                    spot.relative,
                    target_for(wanted, spot.path, descriptor),
                    origin=spot.path,
                    premigrate=bool(args.get("premigrate")),
                    stub_size=int(args.get("stub_size") or 0),
                    overwrite=bool(args.get("overwrite")),
                    tick=tick,
                )
            )

    return each_together(context, admitted(context, args, items), begin)


def recall(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Bring the content of migrated files back from where their markers say it is."""
    skip_hash = bool(args.get("skip_hash"))

    def begin(item: str, tick: Tick, singly: bool) -> Move[Outcome]:
        with _file(item, singly) as (_, descriptor):
            marker = markers.read(descriptor)
            if marker is None or not marker.away:
                return Outcome(state_of(descriptor, os.fstat(descriptor)), already=True)
            target = target_called(marker.target)
            return (yield from recollection(descriptor, target, skip_hash=skip_hash, tick=tick))

    return each_together(context, items, begin)


def reverse_stub(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Make files here of what another site brought to the target. A path that is beneath none of
    this site's folders comes to the same place beneath the first of them."""
    target = target_called(args.get("target") or "")
    presence.expect_told(target)

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
                verify=bool(args.get("verify")),
                tick=tick,
            )

    return each(context, items, act)


def delete(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Remove files, links and empty folders from the site, the deepest first. Objects stay, with
    a tombstone."""

    def act(item: str, tick: Tick) -> Outcome:
        try:
            spot = paths.locate(item)
            with paths.beside(spot) as (folder, name):
                last = last_words(spot, folder, name)
                gone = remove(folder, name)
            if gone and last is not None:
                with suppress(LaganError):  # the next reconciling finds what cannot be told now
                    end(target_called(last.target).volume, last.record, DELETED)
            return Outcome("deleted", already=not gone)
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


@contextmanager
def _file(item: str, singly: bool, *, letting_go: bool = False) -> Iterator[tuple[Spot, int]]:
    """A file, open for reading and writing. Unfit, with the fact `kind`, for anything else; Apart,
    unless it is moved `singly`, when it is large or somebody is at it."""
    spot = paths.locate(item)
    found = paths.stat(spot)
    if not S_ISREG(found.st_mode):
        mode = found.st_mode
        kind = "link" if S_ISLNK(mode) else "folder" if S_ISDIR(mode) else "special"
        raise Unfit(f"Only the content of files can move; this is a {kind}.", kind=kind)
    if found.st_size > SMALL and not singly:
        raise Apart("It is large.")
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    with (
        alone(found.st_dev, found.st_ino, wait=singly),
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
