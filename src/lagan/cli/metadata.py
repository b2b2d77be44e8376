"""`lagan metadata`: show, set, copy, exchange and look back at metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.named import id_of

if TYPE_CHECKING:
    from lagan.client.metadata import Metadata

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_PATH = click.Path(path_type=Path)
_FORMAT = click.option(
    "--format", type=click.Choice(["json", "csv"]), help="Default: as the file's name says, json."
)


@click.group()
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option(
    "--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY or --config."
)
@click.option("--config", type=_PATH, help="Default: ~/.config/lagan/client.conf.")
@click.pass_context
def metadata(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """Show, set, copy and exchange the metadata of datasets and other entities."""
    ctx.obj = (url, api_key, config)


@metadata.command()
@click.argument("entity", callback=id_of)
@_JSON
@click.pass_context
def show(ctx: click.Context, entity: str, as_json: bool) -> None:
    """Print what is saved, a line a value."""
    saved = _metadata(ctx, entity).saved()
    if as_json:
        click.echo(json.dumps(saved, ensure_ascii=False))
        return
    for key, values in saved.items():
        for each in values:
            click.echo(f"{key}\t{each}")


@metadata.command("set")
@click.argument("entity", callback=id_of)
@click.argument("key")
@click.argument("values", nargs=-1, required=True)
@_JSON
@click.pass_context
def set_(ctx: click.Context, entity: str, key: str, values: tuple[str, ...], as_json: bool) -> None:
    """Make VALUES all values of KEY, such as .Creator."""
    found = _metadata(ctx, entity)
    found.set({key: values})
    _say({"key": key, "values": list(values)}, as_json, "{key}\t{values}")


@metadata.command()
@click.argument("entity", callback=id_of)
@click.argument("keys", nargs=-1, required=True)
@_JSON
@click.pass_context
def unset(ctx: click.Context, entity: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Remove KEYS with all their values."""
    _metadata(ctx, entity).set(dict.fromkeys(keys, ()))
    _say({"removed": list(keys)}, as_json, "{removed}")


@metadata.command()
@click.argument("entity", callback=id_of)
@click.argument("source", callback=id_of)
@click.option("--key", "keys", multiple=True, help="A key to copy; default: all.")
@_JSON
@click.pass_context
def copy(
    ctx: click.Context, entity: str, source: str, keys: tuple[str, ...], as_json: bool
) -> None:
    """Give ENTITY the metadata of SOURCE."""
    copied = _metadata(ctx, entity).copy(source, keys or None)
    _say({"copied": copied}, as_json, "{copied}")


@metadata.command()
@click.argument("entity", callback=id_of)
@_FORMAT
@click.option("-o", "--output", type=_PATH, help="Default: standard output.")
@click.pass_context
def export(ctx: click.Context, entity: str, format: str | None, output: Path | None) -> None:
    """Write it as JSON or CSV, exactly as it is."""
    document = _metadata(ctx, entity).export(_format(format, output))
    if output is None:
        click.echo(document, nl=False)
    else:
        output.write_bytes(document)


@metadata.command("import")
@click.argument("entity", callback=id_of)
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_FORMAT
@click.option("--replace", is_flag=True, help="Remove keys that the file lacks.")
@click.option("--apply", is_flag=True, help="Do it; without, only what it changes is told.")
@_JSON
@click.pass_context
def import_(
    ctx: click.Context,
    entity: str,
    source: Path,
    format: str | None,
    replace: bool,
    apply: bool,
    as_json: bool,
) -> None:
    """Tell what a file of JSON or CSV changes and, with --apply, change it in one write."""
    told = _metadata(ctx, entity).take_in(
        source.read_bytes(), _format(format, source), replace=replace, apply=apply
    )
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told["differences"]:
        _say(each, False, "{key}\t{before} -> {after}")
    for each in told["reasons"]:
        _say(each, False, "refused\t{key}\t{reason}")


@metadata.command()
@click.argument("entity", callback=id_of)
@click.option("--key", default="", help="Only this key.")
@_JSON
@click.pass_context
def history(ctx: click.Context, entity: str, key: str, as_json: bool) -> None:
    """Every change, newest first."""
    for row in _metadata(ctx, entity).history(key):
        _say(row, as_json, "{at}\t{by}\t{key}\t{before} -> {after}")


@metadata.command()
@click.argument("entity", callback=id_of)
@_JSON
@click.pass_context
def presets(ctx: click.Context, entity: str, as_json: bool) -> None:
    """Keys that others use too."""
    for row in _metadata(ctx, entity).presets():
        _say(row, as_json, "{key}\t{words}")


def _metadata(ctx: click.Context, entity: str) -> Metadata:
    from lagan.client.config import open_hub
    from lagan.client.metadata import Metadata

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return Metadata(hub, entity)


def _format(given: str | None, file: Path | None) -> str:
    return given or ("csv" if file is not None and file.suffix.lower() == ".csv" else "json")


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    if not as_json:
        row = {
            name: ", ".join(map(str, each)) if isinstance(each, list) else each
            for name, each in row.items()
        }
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))
