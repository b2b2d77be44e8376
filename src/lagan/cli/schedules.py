"""`lagan schedules`: workflows that run by themselves; `lagan run --every` makes one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lagan.cli.reaching import JSON, connected, reach, shown


@click.command()
@click.option("--enable", type=int, metavar="NUMBER", help="Let one run by itself again.")
@click.option("--disable", type=int, metavar="NUMBER", help="Let one run no longer.")
@click.option("--run", "now", type=int, metavar="NUMBER", help="Run one at once.")
@click.option("--remove", type=int, metavar="NUMBER", help="Remove one; its jobs stay.")
@JSON
@connected
def schedules(
    enable: int | None,
    disable: int | None,
    now: int | None,
    remove: int | None,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
) -> None:
    """List schedules, or look after one of them."""
    if sum(each is not None for each in (enable, disable, now, remove)) > 1:
        raise click.UsageError("One of --enable, --disable, --run and --remove at a time.")
    known = reach(base_url, client_key, config).hub.schedules
    if now is not None:
        job = known.run_now(now)
        click.echo(json.dumps({"job": job}) if as_json else f"Job {job} was submitted.")
    elif remove is not None:
        known.remove(remove)
        click.echo(json.dumps({"removed": remove}) if as_json else f"{remove} is removed.")
    elif enable is not None or disable is not None:
        number = enable if enable is not None else disable
        _say(known.enable(int(number or 0), enable is not None), as_json)
    else:
        for row in known.all():
            _say(row, as_json)


def _say(row: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(row) if as_json else told(row))


def told(row: dict[str, Any]) -> str:
    """A schedule in one line."""
    when = f"next {row['next_run']}" if row["enabled"] else "disabled"
    what = f"{row['workflow']} at {row['site']}"
    words = (row["id"], row["every"], what, row["title"], when, row["last_error"])
    return "\t".join(shown(str(word)) for word in words if word)
