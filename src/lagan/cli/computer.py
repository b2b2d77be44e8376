"""`lagan computer`: register, show, test and look at laboratory computers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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
def computer(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """Register and look at laboratory computers."""
    ctx.obj = (url, api_key, config)


@computer.command("list")
@click.option("--text", default="", help="Part of the name.")
@_JSON
@click.pass_context
def list_(ctx: click.Context, text: str, as_json: bool) -> None:
    """List the computers that you may see, by name."""
    for row in _hub(ctx).computers(text):
        _say(row, as_json, "{id}\t{name}\t{group}")


@computer.command()
@click.argument("name")
@click.option("--group", required=True, callback=id_of, help="The group that it belongs to.")
@click.option(
    "--fact", "facts", multiple=True, metavar="NAME=VALUE",
    help="As ip=192.0.2.7, user=lab, path=/data; again for more. `show` names them all.",
)  # fmt: skip
@_JSON
@click.pass_context
def add(ctx: click.Context, name: str, group: str, facts: tuple[str, ...], as_json: bool) -> None:
    """Register a computer; print the key that it must let in."""
    row = _hub(ctx).register_computer(name, group, _facts(facts))
    _say(row, as_json, "{id}\n{public_key}")


@computer.command("set")
@click.argument("computer", callback=id_of)
@click.argument("facts", nargs=-1, required=True, metavar="NAME=VALUE...")
@_JSON
@click.pass_context
def set_(ctx: click.Context, computer: str, facts: tuple[str, ...], as_json: bool) -> None:
    """Give other facts; an empty value forgets one."""
    _say(_hub(ctx).change_computer(computer, _facts(facts)), as_json, "{id}")


@computer.command()
@click.argument("computer", callback=id_of)
@_JSON
@click.pass_context
def show(ctx: click.Context, computer: str, as_json: bool) -> None:
    """Show a computer's facts, its connection, and the key that it must let in."""
    row = _hub(ctx).computer(computer)
    if as_json:
        _say(row, as_json, "")
        return
    click.echo(f"{row['name']}\t{row['group']}")
    for key, value in row["facts"].items():
        click.echo(f"{key}\t{value}")
    _tell(row["connection"])
    click.echo(row["public_key"])


@computer.command()
@click.argument("computer", callback=id_of)
@click.option(
    "--confirm", metavar="FINGERPRINT", default="",
    help="You have compared it: this is the computer's own host key.",
)  # fmt: skip
@_JSON
@click.pass_context
def test(ctx: click.Context, computer: str, confirm: str, as_json: bool) -> None:
    """Let the hub try to reach it; exit status 10 when it cannot."""
    row = _hub(ctx).test_computer(computer, confirm)
    if as_json:
        _say(row["connection"], as_json, "")
    else:
        _tell(row["connection"])
    ctx.exit(10 if row["connection"]["worked"] is False else 0)


@computer.command()
@click.argument("computer", callback=id_of)
@click.argument("folder", default="")
@click.option("--newest", is_flag=True, help="The last changed first.")
@_JSON
@click.pass_context
def browse(ctx: click.Context, computer: str, folder: str, newest: bool, as_json: bool) -> None:
    """List a folder beneath the computer's top: kind, size, time, name."""
    for row in _hub(ctx).browse_computer(computer, folder, "newest" if newest else "name"):
        when = datetime.fromtimestamp(row["mtime_ns"] // 10**9, UTC)
        shown = {**row, "when": f"{when:%Y-%m-%dT%H:%M:%SZ}"}
        _say(row if as_json else shown, as_json, "{kind}\t{size}\t{when}\t{name}")


def _tell(connection: dict[str, Any]) -> None:
    click.echo(f"connection\t{connection['state']}")
    for name in ("words", "fingerprint", "offered"):
        if connection[name]:
            click.echo(f"{name}\t{connection[name]}")


def _facts(given: tuple[str, ...]) -> dict[str, str]:
    facts = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"A fact is NAME=VALUE, not {each!r}.")
        facts[name] = value
    return facts


def _hub(ctx: click.Context) -> Hub:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))
