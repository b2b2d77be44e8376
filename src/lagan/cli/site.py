"""`lagan site`: sites, the keys of their workers, and the workers as they last told of
themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.reaching import JSON, connected, reach, shown

if TYPE_CHECKING:
    from lagan.client.sites import Sites

TITLE = click.option("--title", help="What people call it.")
LIMIT = click.option("--limit", type=click.IntRange(1, 1000), help="Tasks at once.")
ADDRESS = click.option("--address", "addresses", multiple=True, help="An address; repeat it.")


@click.group()
@connected
@click.pass_context
def site(
    ctx: click.Context, base_url: str | None, client_key: str | None, config: Path | None
) -> None:
    """List and look after sites, their keys and workers."""
    ctx.obj = (base_url, client_key, config)


@site.command("list")
@JSON
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """The sites that you may see."""
    for row in _sites(ctx).all():
        click.echo(json.dumps(row) if as_json else _words(row))


@site.command()
@click.argument("name")
@JSON
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """A site with its workers."""
    sites = _sites(ctx)
    row, workers = sites.named(name), sites.workers(name)
    if as_json:
        click.echo(json.dumps({**row, "workers": workers}))
        return
    for each in (_words(row), *map(_worker, workers)):
        click.echo(each)


@site.command()
@click.argument("name")
@TITLE
@LIMIT
@ADDRESS
@JSON
@click.pass_context
def add(
    ctx: click.Context,
    name: str,
    title: str | None,
    limit: int | None,
    addresses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add a site."""
    row = _sites(ctx).add(name, **_facts(title, limit, addresses))
    click.echo(json.dumps(row) if as_json else _words(row))


@site.command()
@click.argument("name")
@TITLE
@LIMIT
@ADDRESS
@JSON
@click.pass_context
def change(
    ctx: click.Context,
    name: str,
    title: str | None,
    limit: int | None,
    addresses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change a site's title, limit or addresses (all of them)."""
    row = _sites(ctx).change(name, **_facts(title, limit, addresses))
    click.echo(json.dumps(row) if as_json else _words(row))


@site.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Remove a site."""
    _sites(ctx).remove(name)
    click.echo(f"Site {name} is removed.")


@site.command()
@click.argument("name")
@click.option("--name", "label", default="worker", show_default=True, help="What the key is for.")
@JSON
@click.pass_context
def key(ctx: click.Context, name: str, label: str, as_json: bool) -> None:
    """Make a key for the site's workers and print it. It is shown this once."""
    made = _sites(ctx).make_key(name, label)
    click.echo(json.dumps(made) if as_json else made["key"])


@site.command()
@click.argument("name")
@JSON
@click.pass_context
def keys(ctx: click.Context, name: str, as_json: bool) -> None:
    """The keys of the site's workers, without their texts."""
    for row in _sites(ctx).keys(name):
        used = row.get("used") or "never used"
        words = f"{row['id']}\t{shown(row['name'])}\t{row['prefix']}...\t{used}"
        click.echo(json.dumps(row) if as_json else words)


@site.command()
@click.argument("name")
@click.argument("number", type=int)
@click.pass_context
def revoke(ctx: click.Context, name: str, number: int) -> None:
    """End a key; workers that show it are refused from now on."""
    _sites(ctx).revoke_key(name, number)
    click.echo(f"Key {number} of {name} is revoked.")


def _sites(ctx: click.Context) -> Sites:
    return reach(*ctx.obj).hub.sites


def _facts(title: str | None, limit: int | None, addresses: tuple[str, ...]) -> dict[str, Any]:
    given = {"title": title, "limit": limit, "addresses": list(addresses) or None}
    return {name: value for name, value in given.items() if value is not None}


def _words(row: dict[str, Any]) -> str:
    state = "online" if row.get("online") else "offline"
    more = (row.get("title"), ", ".join(row.get("addresses") or ()))
    return "\t".join([row["name"], state, *(shown(str(each)) for each in more if each)])


def _worker(row: dict[str, Any]) -> str:
    state = "online" if row["online"] else f"last seen {row['seen']}"
    tasks = f"{row['running']} of {row['threads']} tasks"
    return f"worker\t{shown(row['name'])}\t{row['version']}\t{state}\t{tasks}"


@site.command()
@JSON
@click.pass_context
def targets(ctx: click.Context, as_json: bool) -> None:
    """What sites keep in the archive: by target and site, how many objects and bytes."""
    from lagan.kit.sizes import show_size

    for row in _sites(ctx).targets():
        if as_json:
            click.echo(json.dumps(row))
            continue
        for each in row["sites"]:
            sees = "together" if each["together"] else "alone"
            words = [row["name"], each["site"], sees, str(each["objects"])]
            click.echo("\t".join([*words, show_size(each["bytes"])]))


@site.command()
@click.argument("target")
@click.argument("names", nargs=-1)
@click.pass_context
def together(ctx: click.Context, target: str, names: tuple[str, ...]) -> None:
    """Have exactly these sites read what each of them keeps in a target of the archive, so that one
    can make stubs of what another sent. Without names each sees its own alone."""
    row = _sites(ctx).put_together(target, names)
    seen = [each["site"] for each in row["sites"] if each["together"]]
    click.echo(f"Together in {target}: {', '.join(seen) or 'nobody'}.")
