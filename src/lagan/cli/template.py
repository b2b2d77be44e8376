"""`lagan template`: edit templates, assign them to groups, see what is in effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.named import id_of, ids_of

if TYPE_CHECKING:
    from lagan.client.metadata import Templates

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_TYPE = click.option(
    "--type", default="DATASET", show_default=True, help="The type of entity that it counts for."
)
FLAGS = ("mandatory", "nonoverride", "singular", "multiple", "persistent")


@click.group()
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option(
    "--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY or --config."
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="Default: ~/.config/lagan/client.conf."
)
@click.pass_context
def template(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """Edit templates, assign them to groups, see what is in effect."""
    ctx.obj = (url, api_key, config)


@template.command("list")
@click.option("--text", default="", help="Part of the name.")
@_JSON
@click.pass_context
def list_(ctx: click.Context, text: str, as_json: bool) -> None:
    """List the templates that you see."""
    for row in _templates(ctx).all(text):
        _say(row, as_json, "{id}\t{path}")


@template.command()
@click.argument("template", callback=id_of)
@_JSON
@click.pass_context
def show(ctx: click.Context, template: str, as_json: bool) -> None:
    """Print the keys of a template."""
    found = _templates(ctx).one(template)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for field in found["fields"]:
        _say(field, False, "{key}\t{flags}\t{default}\t{regex}\t{min}\t{max}\t{comment}")


@template.command()
@click.argument("name")
@click.option("--group", required=True, callback=id_of, help="The group that it will be in.")
@_JSON
@click.pass_context
def create(ctx: click.Context, name: str, group: str, as_json: bool) -> None:
    """Make a template without keys."""
    _say(_templates(ctx).create(name, group), as_json, "{id}")


@template.command()
@click.argument("template", callback=id_of)
@_JSON
@click.pass_context
def remove(ctx: click.Context, template: str, as_json: bool) -> None:
    """Remove a template that is assigned nowhere."""
    _templates(ctx).remove(template)
    _say({"removed": template}, as_json, "{removed}")


@template.command("set")
@click.argument("template", callback=id_of)
@click.argument("key")
@click.option("--default", "defaults", multiple=True, help="A default value; several in order.")
@click.option("--regex", default="", help="What each value matches as a whole.")
@click.option(
    "--flag", "flags", multiple=True, type=click.Choice(FLAGS, case_sensitive=False), help="A flag."
)
@click.option("--min", "least", type=click.IntRange(0, 1000), default=0, help="Fewest values.")
@click.option("--max", "most", type=click.IntRange(1, 1000), help="Most values; default: any.")
@click.option("--comment", default="", help="What the key is for.")
@_JSON
@click.pass_context
def set_(
    ctx: click.Context,
    template: str,
    key: str,
    defaults: tuple[str, ...],
    regex: str,
    flags: tuple[str, ...],
    least: int,
    most: int | None,
    comment: str,
    as_json: bool,
) -> None:
    """Say what KEY is like; what it said before is replaced."""
    field = {
        "default": list(defaults),
        "regex": regex,
        "flags": [flag.upper() for flag in flags],
        "min": least,
        "max": most,
        "comment": comment,
    }
    _say(_templates(ctx).set_field(template, key, field), as_json, "{id}\t{name}")


@template.command()
@click.argument("template", callback=id_of)
@click.argument("key")
@_JSON
@click.pass_context
def unset(ctx: click.Context, template: str, key: str, as_json: bool) -> None:
    """Take KEY out of the template."""
    _templates(ctx).unset_field(template, key)
    _say({"removed": key}, as_json, "{removed}")


@template.command()
@click.argument("template", callback=id_of)
@_JSON
@click.pass_context
def assignments(ctx: click.Context, template: str, as_json: bool) -> None:
    """Where a template is assigned, and as what."""
    for row in _templates(ctx).assigned(template):
        _say(row, as_json, "{group}\t{type}\t{path}")


@template.command()
@click.argument("group", callback=id_of)
@click.argument("templates", nargs=-1, callback=ids_of)
@_TYPE
@click.option("--none", is_flag=True, help="Take all off the list.")
@_JSON
@click.pass_context
def assign(
    ctx: click.Context,
    group: str,
    templates: tuple[str, ...],
    type: str,
    none: bool,
    as_json: bool,
) -> None:
    """Make TEMPLATES the whole list of GROUP, later ones overriding; without any, print it."""
    hub = _templates(ctx)
    rows = hub.assign(group, type, templates) if templates or none else hub.at(group, type)
    for row in rows:
        _say(row, as_json, "{template}\t{name}")


@template.command()
@click.argument("group", callback=id_of)
@_TYPE
@_JSON
@click.pass_context
def effective(ctx: click.Context, group: str, type: str, as_json: bool) -> None:
    """What is in effect in GROUP, with the origin of every key."""
    for row in _templates(ctx).effective(group, type):
        origin = row["origin"]
        where = f"{origin['name'] or origin['template']} at {origin['path'] or origin['group']}"
        shown = row if as_json else {**row, "where": where}
        _say(shown, as_json, "{key}\t{flags}\t{default}\t{where}")


@template.command("try")
@click.argument("regex")
@click.argument("texts", nargs=-1, required=True)
@_JSON
@click.pass_context
def try_(ctx: click.Context, regex: str, texts: tuple[str, ...], as_json: bool) -> None:
    """Try a regular expression on TEXTS as a template would."""
    for text, matches in zip(texts, _templates(ctx).try_regex(regex, texts), strict=True):
        _say({"text": text, "matches": matches}, as_json, "{matches}\t{text}")


def _templates(ctx: click.Context) -> Templates:
    from lagan.client.config import open_hub
    from lagan.client.metadata import Templates

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return Templates(hub)


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    plain = {
        name: ",".join(map(str, each)) if isinstance(each, list) else ("" if each is None else each)
        for name, each in row.items()
    }
    click.echo(words.format_map(plain))
