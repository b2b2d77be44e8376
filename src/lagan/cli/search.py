"""`lagan search`: find datasets by conditions, words or a saved search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

_PATH = click.Path(path_type=Path)
_ORDERS = click.Choice(["newest", "oldest", "name", "largest", "smallest"])


@click.command()
@click.option(
    "--where",
    "-w",
    multiple=True,
    help="A condition, as '.Sample = quartz', '.Note like *warm*', 'system.dataset.size > 100M',"
    " '.Taken >= time:2020-01-01'. Repeat it for more.",
)
@click.option("--any", "any_", is_flag=True, help="One condition is enough; else all must hold.")
@click.option("--text", default="", help="Words in name, description or other metadata; qua* too.")
@click.option("--removed", is_flag=True, help="Removed datasets as well.")
@click.option("--order", type=_ORDERS, default="newest", show_default=True)
@click.option("--saved", help="Run the saved search of this name or id instead.")
@click.option("--save", help="Save the search under this name as well.")
@click.option("--list-saved", is_flag=True, help="List the saved searches and end.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, one line each.")
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option("--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY.")
@click.option("--config", type=_PATH, help="Default: ~/.config/lagan/client.conf.")
@click.pass_context
def search(
    ctx: click.Context,
    where: tuple[str, ...],
    any_: bool,
    text: str,
    removed: bool,
    order: str,
    saved: str | None,
    save: str | None,
    list_saved: bool,
    limit: int,
    as_json: bool,
    url: str | None,
    api_key: str | None,
    config: Path | None,
) -> None:
    """Find datasets that you may read: id, state, owner, group and name."""
    from lagan.client.config import open_hub

    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    if list_saved:
        for row in hub.saved_searches():
            _say(row, as_json, "{id}\t{owner}\t{name}\t{parameters}")
        return
    asked = {
        "where": list(where), "match": "any" if any_ else "all", "text": text,
        "removed": removed, "order": order, **({"saved": saved} if saved else {}),
    }  # fmt: skip
    if save:
        hub.save_search(save, asked)
    for row in hub.search(asked, limit):
        _say(row, as_json, "{id}\t{state}\t{owner}\t{group}\t{name}")


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))
