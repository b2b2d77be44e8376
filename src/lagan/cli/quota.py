"""`lagan quota`: what groups may take, and what they take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.named import id_of

if TYPE_CHECKING:
    from lagan.client import Hub

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_PATH = click.Path(path_type=Path)


@click.group()
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option(
    "--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY or --config."
)
@click.option("--config", type=_PATH, help="Default: ~/.config/lagan/client.conf.")
@click.pass_context
def quota(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """Show and set what groups may take."""
    ctx.obj = (url, api_key, config)


@quota.command()
@click.argument("group", required=False, callback=id_of)
@_JSON
@click.pass_context
def show(ctx: click.Context, group: str | None, as_json: bool) -> None:
    """The quotas that bind GROUP (its own and those above), or all that you may see."""
    hub = _hub(ctx)
    for row in hub.quotas.all() if group is None else hub.quotas.above(group):
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _words(row))


@quota.command("set")
@click.argument("group", callback=id_of)
@click.option("--bytes", "size", help="For example 10TB; `none` for no limit.")
@click.option("--files", help="A number; `none` for no limit.")
@click.option("--warn", "levels", multiple=True, type=click.IntRange(1, 99), help="Percent.")
@_JSON
@click.pass_context
def set_(
    ctx: click.Context,
    group: str,
    size: str | None,
    files: str | None,
    levels: tuple[int, ...],
    as_json: bool,
) -> None:
    """Give a group a quota; what is not named stays as it is."""
    hub = _hub(ctx)
    bounds = _present(hub, group)
    if size is not None:
        bounds["bytes"] = None if size == "none" else _size(size)
    if files is not None:
        bounds["files"] = None if files == "none" else _number(files)
    if levels:
        bounds["levels"] = list(levels)
    row = hub.quotas.give(group, **bounds)
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else _words(row))


@quota.command()
@click.argument("group", callback=id_of)
@click.pass_context
def clear(ctx: click.Context, group: str) -> None:
    """Take a group's quota away."""
    _hub(ctx).quotas.take_away(group)


@quota.command()
@click.argument("group", callback=id_of)
@_JSON
@click.pass_context
def recount(ctx: click.Context, group: str, as_json: bool) -> None:
    """Count again what a group uses, and say by how much the count was off."""
    row = _hub(ctx).quotas.recount(group)
    words = f"off by {row['bytes']} bytes and {row['files']} files"
    click.echo(json.dumps(row) if as_json else words)


def _present(hub: Hub, group: str) -> dict[str, Any]:
    from lagan.kit.errors import NotFound

    try:
        row = hub.quotas.of(group)
    except NotFound:
        return {}
    return {name: row[name] for name in ("bytes", "files", "levels")}


def _size(text: str) -> int:
    from lagan.kit.sizes import parse_size

    return parse_size(text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise click.BadParameter(f"{text!r} is no number.", param_hint="--files")
    return int(text)


def _words(row: dict[str, Any]) -> str:
    size, files = (row[name] if row[name] is not None else "-" for name in ("bytes", "files"))
    used = f"{row['used_bytes']}/{size} bytes\t{row['used_files']}/{files} files"
    return f"{row['group']}\t{row['path']}\t{used}\t{row['level']}%"


def _hub(ctx: click.Context) -> Hub:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub
