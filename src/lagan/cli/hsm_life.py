"""`lagan hsm reconcile` and `lagan hsm undelete`: what becomes of content that no file seems to
need any more, and files that were removed by accident."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lagan.cli.hsm import NOT_ALL, hsm, named_target, run_on, serving_here, where_options


@hsm.command()
@where_options
@click.option("--apply", is_flag=True, help="Do it; without this nothing is changed.")
@click.option("--grace-days", default=30.0, show_default=True, help="How long objects stay.")
@click.option("--orphans", is_flag=True, help="End objects too of which nothing speaks.")
@click.option("--forget", metavar="FOLDER", help="A folder's name: it is gone and needs nothing.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each finding.")
def reconcile(
    apply: bool,
    grace_days: float,
    orphans: bool,
    forget: str | None,
    as_json: bool,
    **where: Any,
) -> None:
    """Compare what this site's files need with what the targets hold.

    Says what it finds, and with --apply removes objects that no site has needed for long. Exit code
    6 says that content is missing or damaged, or that not all could be looked at.
    """
    from lagan.hsm.reconciling.needs import forget as forget_folder
    from lagan.worker import place
    from lagan.worker.site.reconciling import reconcile_root
    from lagan.worker.site.targets import target_called

    def say(category: str, about: str) -> None:
        if as_json:
            click.echo(json.dumps({"category": category, "about": about}))
        else:
            click.echo(f"{category}  ".encode() + os.fsencode(about))

    bad = False
    only = named_target(where)
    with serving_here(where):
        if forget is not None:
            for name in [only] if only else place.current().targets:
                known = forget_folder(target_called(name).volume, forget)
                say("forgotten" if known else "unknown-folder", forget)
            return
        args = {"target": only, "grace_days": grace_days, "orphans": orphans, "dry_run": not apply}
        for root in place.current().roots:
            for report in reconcile_root(root, args, say):
                bad |= not report.whole or bool(report.counts["missing"] + report.counts["damaged"])
                _sum_up(root, report, as_json)
    if bad:
        raise SystemExit(NOT_ALL)


@hsm.command()
@click.argument("paths", nargs=-1, required=True)
@where_options
@click.option("-r", "--recursive", is_flag=True, help="All that was beneath folders.")
@click.option("-H", "--hydrate", is_flag=True, help="Bring the content too.")
@click.option("--list", "only_list", is_flag=True, help="Only say which could be made again.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a path.")
def undelete(
    paths: tuple[str, ...],
    recursive: bool,
    hydrate: bool,
    only_list: bool,
    as_json: bool,
    **where: Any,
) -> None:
    """Make stubs again of migrated files that were removed.

    That goes as long as the target holds their content: 30 days unless told otherwise.
    """
    from lagan.worker.site.reconciling import lost_files

    only = named_target(where)

    def items() -> Iterator[str]:
        for each in paths:
            path = str(Path(each).absolute())
            if recursive:
                yield from sorted(set(lost_files(path, only)))
            else:
                yield path

    with serving_here(where):
        if only_list:
            for item in items():
                click.echo(json.dumps({"path": item}) if as_json else os.fsencode(item))
            return
        run_on("hsm.undelete", {"hydrate": hydrate, "target": only}, items(), as_json)


def _sum_up(root: Path, report: Any, as_json: bool) -> None:
    if as_json:
        told = {"root": str(root), "counts": dict(report.counts), "freed": report.freed}
        click.echo(json.dumps({**told, "whole": report.whole, "waits_for": report.waits_for}))
        return
    from lagan.kit.sizes import show_size

    counts = ", ".join(f"{count} {name}" for name, count in sorted(report.counts.items()))
    click.echo(f"{root}: {counts or 'nothing'}; {show_size(report.freed)} freed", err=True)
    if not report.whole:
        click.echo(f"{root}: not all could be looked at; nothing is removed for now", err=True)
    for name in report.waits_for:
        click.echo(f"{root}: waits for the folder {name} to be reconciled", err=True)
