"""`lagan entity`: list, find, show, make, rename, move and remove entities of the tree."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.client.entities import Entities

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_TYPE = click.option("--type", "types", multiple=True, help="Only this type; may be repeated.")
_LINE = "{id}\t{type}\t{path}"


@click.group()
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option(
    "--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY or --config."
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="Default: ~/.config/lagan/client.conf."
)
@click.pass_context
def entity(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """List, find, make and change entities of the tree.

    ENTITY and PARENT are an id or the names from the root: /NTNU/NV/IFY.
    """
    ctx.obj = (url, api_key, config)


@entity.command("list")
@click.argument("entity", default="/")
@_TYPE
@_JSON
@click.pass_context
def list_(ctx: click.Context, entity: str, types: tuple[str, ...], as_json: bool) -> None:
    """List what lies in ENTITY, by type and name; in the root without one."""
    _say_all(_entities(ctx).children(entity, _upper(types)), as_json)


@entity.command()
@click.argument("text")
@_TYPE
@_JSON
@click.pass_context
def find(ctx: click.Context, text: str, types: tuple[str, ...], as_json: bool) -> None:
    """Find by id, exact name, or a pattern with * that does not mind the case."""
    _say_all(_entities(ctx).find(text, _upper(types)), as_json)


@entity.command()
@click.argument("entity")
@_JSON
@click.pass_context
def show(ctx: click.Context, entity: str, as_json: bool) -> None:
    """Show one entity and how many of each type lie in it (1000: that many or more)."""
    row = _entities(ctx).show(entity)
    if as_json:
        _say(row, True)
        return
    for key in ("id", "type", "name", "path", "created"):
        click.echo(f"{key}\t{row[key]}")
    for kind, number in row["counts"].items():
        click.echo(f"{kind}\t{number}")


@entity.command()
@click.argument("type")
@click.argument("name")
@click.argument("parent")
@click.option(
    "--metadata", multiple=True, help="KEY=VALUE; may be repeated, for several values too."
)
@_JSON
@click.pass_context
def create(
    ctx: click.Context, type: str, name: str, parent: str, metadata: tuple[str, ...], as_json: bool
) -> None:
    """Make an entity of TYPE called NAME in PARENT."""
    values: dict[str, list[str]] = {}
    for each in metadata:
        key, equals, value = each.partition("=")
        if not equals:
            raise click.BadParameter(f"{each!r} is not KEY=VALUE.", param_hint="--metadata")
        values.setdefault(key, []).append(value)
    _say(_entities(ctx).create(type.upper(), name, parent, values or None), as_json)


@entity.command()
@click.argument("entity")
@click.argument("name")
@_JSON
@click.pass_context
def rename(ctx: click.Context, entity: str, name: str, as_json: bool) -> None:
    """Give ENTITY another name."""
    _say(_entities(ctx).rename(entity, name), as_json)


@entity.command()
@click.argument("entity")
@click.argument("parent")
@click.option(
    "--dry-run", is_flag=True, help="Only say what would change in inherited permissions."
)
@_JSON
@click.pass_context
def move(ctx: click.Context, entity: str, parent: str, dry_run: bool, as_json: bool) -> None:
    """Put ENTITY, with everything beneath it, into PARENT."""
    if not dry_run:
        _say(_entities(ctx).move(entity, parent), as_json)
        return
    found = _entities(ctx).moving(entity, parent)
    if as_json:
        _say(found, True)
        return
    for each in found["changes"]:
        for sign, permissions in (("-", each["lost"]), ("+", each["gained"])):
            for permission in permissions:
                click.echo(f"{sign}\t{each['name']}\t{permission}")
    if found["others"]:
        click.echo(f"{found['others']} more")


@entity.command()
@click.argument("entity")
@click.confirmation_option(prompt="Remove it for good?")
@click.pass_context
def remove(ctx: click.Context, entity: str) -> None:
    """Remove ENTITY: a user is made anonymous, a dataset keeps its record."""
    _entities(ctx).remove(entity)


@entity.command()
@click.argument("entity", default="/")
@click.option("--depth", type=click.IntRange(1), default=3, help="Levels; default: 3.")
@_TYPE
@_JSON
@click.pass_context
def tree(
    ctx: click.Context, entity: str, depth: int, types: tuple[str, ...], as_json: bool
) -> None:
    """Draw what lies beneath ENTITY, level by level."""
    hub = _entities(ctx)
    wanted = _upper(types)
    top = hub.show(entity)
    _say(top, True) if as_json else click.echo(f"{top['name']}\t{top['id']}")
    _draw(hub, top, depth, wanted, as_json, 1)


def _draw(
    hub: Entities,
    row: dict[str, Any],
    depth: int,
    types: tuple[str, ...],
    as_json: bool,
    level: int,
) -> None:
    if level > depth:
        return
    for each in hub.children(str(row["id"]), (*types, "GROUP") if types else ()):
        if as_json:
            _say(each, True)
        else:
            said = "" if each["type"] == "GROUP" else f" ({each['type']})"
            click.echo(f"{'  ' * level}{each['name']}{said}\t{each['id']}")
        if each["type"] in ("GROUP", "USER", "COMPUTER"):
            _draw(hub, each, depth, types, as_json, level + 1)


def _upper(types: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each.upper() for each in types)


def _entities(ctx: click.Context) -> Entities:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub.entities


def _say_all(rows: Iterable[dict[str, Any]], as_json: bool) -> None:
    for row in rows:
        _say(row, as_json)


def _say(row: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else _LINE.format_map(row))
