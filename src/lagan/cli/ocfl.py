"""`lagan ocfl`: take datasets and packages out of a hub as an OCFL storage root, and check one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lagan.cli.package import progress

if TYPE_CHECKING:
    from lagan.cli.ocfl_export import Export, Exported
    from lagan.ocfl import Findings

INVALID = 7
"""Exit code of a root that is not valid: that of a digest mismatch."""
REFUSED = 11
"""Exit code when some things could not be taken."""
_FOLDER = click.Path(file_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group()
def ocfl() -> None:
    """The Oxford Common File Layout: archives of objects and versions, readable without Lagan."""


@ocfl.command()
@click.argument("things", nargs=-1, required=True, metavar="THING...")
@click.option("--to", "root", type=_FOLDER, required=True, help="The storage root; made if needed.")
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option("--api-key", envvar="LAGAN_API_KEY", help="A client key (LAGAN_API_KEY).")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Default: ~/.config/lagan/client.conf."
)
@_JSON
def export(
    things: tuple[str, ...],
    root: Path,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Take THINGs out: datasets, packages with all versions, or groups with all that is in them.

    Each is told by its id or path. What the storage root has already is not fetched again; what
    changed becomes a further version; what was broken off is finished by the same command.
    """
    from lagan.cli.ocfl_export import Export
    from lagan.client.config import open_hub
    from lagan.ocfl import writing

    hub = open_hub(url, api_key, config)
    click.get_current_context().call_on_close(hub.close)
    done = 0
    with progress(f"Exporting to {root}") as told, writing(root) as writer:

        def counted(count: int) -> None:
            nonlocal done
            done += count
            if told is not None:
                told(done, None)

        refused = _take(Export(hub, writer, counted), things, as_json)
    sys.exit(REFUSED if refused else 0)


def _take(export: Export, things: tuple[str, ...], as_json: bool) -> int:
    """How many could not be taken; what will pass by itself ends it all."""
    refused = 0
    for thing in things:
        with _counting(thing) as failed:
            for dataset in export.datasets(thing):
                with _counting(dataset) as one_failed:
                    for each in export.one(dataset):
                        _say(each, as_json)
                refused += len(one_failed)
        refused += len(failed)
    return refused


@contextmanager
def _counting(thing: str) -> Iterator[list[str]]:
    """A list that a refusal about the thing goes into, when asking again would not change it."""
    from lagan.kit.errors import LaganError

    failed: list[str] = []
    try:
        yield failed
    except LaganError as refusal:
        if not refusal.permanent:
            raise
        failed.append(refusal.sentence)
        click.echo(f"lagan: {thing}: {refusal.sentence}", err=True)


def _say(each: Exported, as_json: bool) -> None:
    state = "added" if each.new else "there"
    line = f"{state}\t{each.id}\tv{each.version}\t{each.files} files, {each.brought} new"
    click.echo(json.dumps(asdict(each)) if as_json else line)


@ocfl.command()
@click.argument("folder", type=_FOLDER)
@_JSON
def check(folder: Path, as_json: bool) -> None:
    """Tell everything that is wrong with FOLDER, a storage root or one object; every file is read.

    Exit code 7 says that it is not valid.
    """
    from lagan.ocfl import check as check_root

    done = 0
    with progress(f"Checking {folder}") as told:

        def counted(count: int) -> None:
            nonlocal done
            done += count
            if told is not None:
                told(done, None)

        found = check_root(folder, progress=counted)
    _show(folder, found, as_json)
    if not found.valid:
        sys.exit(INVALID)


def _show(folder: Path, found: Findings, as_json: bool) -> None:
    from lagan.cli.reaching import shown
    from lagan.kit.sizes import show_size

    if as_json:
        facts = asdict(found) | {"valid": found.valid}
        click.echo(json.dumps(facts))
        return
    for each in found.listed:
        click.echo(f"{'error' if each.error else 'warning'}: {shown(str(each))}", err=True)
    if found.left_out:
        click.echo(f"{found.left_out} more are not shown.", err=True)
    size = f"{found.objects} objects, {found.files} files, {show_size(found.bytes)}"
    verdict = "valid OCFL" if found.valid else f"not valid, {found.errors} errors"
    click.echo(f"{folder}: {verdict}, {size}")
