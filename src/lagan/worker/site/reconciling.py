"""The steps that look after what a site has at its targets: reconcile whole folders of the site,
and make files again that were removed by accident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lagan.hsm.errors import MissingAtTarget
from lagan.hsm.migrating import Outcome
from lagan.hsm.reconciling.reconcile import DAY, Report, Say, reconcile, unheard
from lagan.hsm.record import Record
from lagan.hsm.reverse import reverse_stub
from lagan.hsm.roots import name_of
from lagan.hsm.target import Target, Tick, quiet
from lagan.hsm.undeleting import last_of, lost
from lagan.worker import place
from lagan.worker.site import paths, presence
from lagan.worker.site.items import each
from lagan.worker.site.paths import Spot
from lagan.worker.site.targets import target_called
from lagan.worker.steps import Context, register_step

GRACE_DAYS = 30
MOST_NAMED = 100
"""Of each category so many are named in a job's facts."""


def register() -> None:
    """Make the steps known."""
    register_step("hsm.reconcile", reconcile_folders)
    register_step("hsm.undelete", undelete)


def reconcile_folders(
    context: Context, args: Mapping[str, Any], items: Sequence[str]
) -> dict[str, Any]:
    """Reconcile the site's folders that the items lie in, each as a whole, with one target or with
    all of them. The facts name what was found, by category."""
    counts: Counter[str] = Counter()
    named: dict[str, list[str]] = {}
    done: set[Path] = set()

    def say(category: str, about: str) -> None:
        known = named.setdefault(category, [])
        if len(known) < MOST_NAMED:
            known.append(about)

    def act(item: str, tick: Tick) -> Outcome:
        root = paths.locate(item).root
        if root in done:
            return Outcome("reconciled", already=True)
        done.add(root)
        for report in reconcile_root(root, args, say, tick):
            counts.update(report.counts)
            counts["freed bytes"] += report.freed
        return Outcome("reconciled")

    told = each(context, items, act, at_once=1)
    return {**told, "categories": dict(sorted(counts.items())), "named": named}


def reconcile_root(
    root: Path, args: Mapping[str, Any], say: Say = unheard, tick: Tick = quiet
) -> Iterator[Report]:
    """Reconcile one folder of the site with the target that `args` name, or with each; a report
    for each of them. Names of targets that are the same place are one."""
    targets = place.current().targets
    asked = [str(args["target"])] if args.get("target") else list(targets)
    seen: set[str] = set()
    for name in asked:
        target = target_called(name)
        location = target.volume.location
        if location in seen:
            continue
        seen.add(location)
        names = {each for each in targets if target_called(each).volume.location == location}
        days = args.get("grace_days")
        yield reconcile(
            target.volume,
            root,
            names,
            strangers=targets.keys() - names,
            grace=DAY * (GRACE_DAYS if days is None else float(days)),
            orphans=bool(args.get("orphans")),
            dry_run=bool(args.get("dry_run")),
            say=say,
            tick=tick,
        )


def undelete(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Make stubs again of files that are gone, as a target remembers them."""
    presence.expect_told(target_called(args.get("target") or ""))

    def act(item: str, tick: Tick) -> Outcome:
        spot = paths.locate(item)
        target, record = _remembered(spot, args)
        target.tell(record)
        paths.make_folders(paths.above(spot))
        with paths.beside(spot) as (folder, name):
            return reverse_stub(
                folder, name, record, target, hydrate=bool(args.get("hydrate")), tick=tick
            )

    return each(context, items, act)


def lost_files(folder: str, target: str = "") -> Iterator[str]:
    """Paths of files that were at or beneath a folder and are not there; one may come twice."""
    spot = paths.locate(folder)
    root = name_of(spot.root)
    for name in [target] if target else place.current().targets:
        for record in lost(target_called(name).volume, root, spot.relative):
            path = paths.join(str(spot.root), record.path)
            try:
                paths.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                yield path


def _remembered(spot: Spot, args: Mapping[str, Any]) -> tuple[Target, Record]:
    root = name_of(spot.root)
    for name in [str(args["target"])] if args.get("target") else place.current().targets:
        target = target_called(name)
        with suppress(MissingAtTarget):
            return target, last_of(target.volume, root, spot.relative)
    raise MissingAtTarget("No target knows anything of this file any more.")
