"""`lagan dataset publish`, `share` and their kin: a dataset meets people who have no account."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.named import DATASET

if TYPE_CHECKING:
    from lagan.client import Hub

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FORMS = (
    "ro-crate-metadata.json", "schema-org.json", "datacite.json", "datacite.xml", "citation.bib",
    "citation.txt",
)  # fmt: skip


@click.command()
@DATASET
@click.option("--files/--metadata-only", default=False, help="Whether anybody may download it.")
@_JSON
@click.pass_context
def publish(ctx: click.Context, dataset: str, files: bool, as_json: bool) -> None:
    """Show a closed dataset to everybody; prints the address of its landing page."""
    _say(_hub(ctx).publish(dataset, files=files), as_json, "{address}")


@click.command()
@DATASET
@click.pass_context
def unpublish(ctx: click.Context, dataset: str) -> None:
    """Show it only to those who may read it, as before."""
    _hub(ctx).unpublish(dataset)


@click.command()
@DATASET
@click.option("--folder", default="", help="Only this folder of it.")
@click.option("--days", type=click.IntRange(1), default=14, show_default=True, help="Its life.")
@click.option("--password-file", type=_FILE, help="A file with a password in its first line.")
@click.option("--downloads", type=click.IntRange(1), help="How many downloads it allows.")
@click.option("--note", default="", help="For whom it is.")
@_JSON
@click.pass_context
def share(
    ctx: click.Context,
    dataset: str,
    folder: str,
    days: int,
    password_file: Path | None,
    downloads: int | None,
    note: str,
    as_json: bool,
) -> None:
    """Make a link for somebody without an account; its address is printed this once."""
    wishes: dict[str, Any] = {"folder": folder, "days": days, "note": note}
    wishes["most_downloads"] = downloads
    if password_file is not None:
        wishes["password"] = (password_file.read_text().splitlines() or [""])[0]
    _say(_hub(ctx).share(dataset, **wishes), as_json, "{address}")


@click.command()
@DATASET
@_JSON
@click.pass_context
def shares(ctx: click.Context, dataset: str, as_json: bool) -> None:
    """List a dataset's share links, newest first."""
    for row in _hub(ctx).shares(dataset):
        _say(row, as_json, "{id}\t{state}\t{expires}\t{downloads}\t{note}")


@click.command()
@DATASET
@click.argument("link")
@click.pass_context
def revoke(ctx: click.Context, dataset: str, link: str) -> None:
    """End a share link at once (its number is in `shares`)."""
    _hub(ctx).revoke_share(dataset, link)


@click.command()
@DATASET
@click.argument("form", type=click.Choice(FORMS))
@click.pass_context
def describe(ctx: click.Context, dataset: str, form: str) -> None:
    """Print a dataset's metadata in a standard form."""
    for piece in _hub(ctx).metadata(dataset, form):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


COMMANDS = (publish, unpublish, share, shares, revoke, describe)


def _hub(ctx: click.Context) -> Hub:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))
