"""`lagan jobs` and `lagan job`: what runs, what ran, and what became of every path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lagan.cli.reaching import JSON, connected, reach

VERBS = ("cancel", "pause", "resume", "retry", "resubmit")
STATES = ("PENDING", "STARTED", "SUCCESS", "FAILURE", "ERROR", "CANCELLED")


@click.command()
@click.option("--site", "-s", help="Only of this site.")
@click.option("--type", "jobtype", help="Only of this workflow.")
@click.option("--state", type=click.Choice(STATES, case_sensitive=False))
@click.option("--owner", help="Only of the user of this name.")
@click.option("--created", help="Only of a period: today, 7d, a day as 2026-05-30.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@JSON
@connected
def jobs(
    limit: int,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
    **filters: str | None,
) -> None:
    """List jobs, the newest first."""
    from lagan.cli.following import told

    for row in reach(base_url, client_key, config).hub.jobs.list(limit, **filters):
        click.echo(json.dumps(row) if as_json else f"{row['created']}\t{told(row)}")


@click.command()
@click.argument("number", type=int)
@click.option("--follow", "act", flag_value="follow", help="Wait for its end.")
@click.option("--cancel", "act", flag_value="cancel", help="Stop it; what is done stays done.")
@click.option("--pause", "act", flag_value="pause", help="Begin nothing new of it.")
@click.option("--resume", "act", flag_value="resume", help="Go on with a paused job.")
@click.option("--retry", "act", flag_value="retry", help="Run again what failed.")
@click.option("--resubmit", "act", flag_value="resubmit", help="Do the same as a new job.")
@click.option("--delete", "act", flag_value="delete", help="Remove a job that has ended.")
@click.option("--files", "category", help="List its paths of a category: failed, skipped, all ...")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds for --follow.")
@JSON
@connected
def job(
    number: int,
    act: str | None,
    category: str | None,
    timeout: float | None,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
) -> None:
    """Show a job, follow it, stop it, run it again, or list its paths."""
    from lagan.cli.following import follow, outcome, told

    if act and category:
        raise click.UsageError(f"--{act} and --files do not go together.")
    reached = reach(base_url, client_key, config)
    known = reached.hub.jobs
    if act == "follow":
        limit = reached.settings.timeout if timeout is None else timeout
        follow(known, number, timeout=limit, as_json=as_json)
    elif category is not None:
        for each in known.files(number, None if category == "all" else category):
            click.echo(json.dumps(each) if as_json else outcome(each))
    elif act == "delete":
        known.delete(number)
        click.echo(json.dumps({"deleted": number}) if as_json else f"Job {number} is removed.")
    else:
        row: dict[str, Any] = known.act(number, act) if act in VERBS else {}
        row = known.one(int(row.get("id") or number))
        click.echo(json.dumps(row) if as_json else told(row))
