"""`lagan policies`: what sites do by themselves when they fill up: list, run, look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lagan.cli.policy_report import lines
from lagan.cli.reaching import JSON, connected, reach, shown

_NUMBER = click.argument("number", type=int)
_TIMEOUT = click.option("--timeout", type=float, help="Seconds to wait at most.")


@click.group()
def policies() -> None:
    """What sites do by themselves when they fill up."""


@policies.command("list")
@JSON
@connected
def list_them(
    as_json: bool, base_url: str | None, client_key: str | None, config: Path | None
) -> None:
    """List the policies of sites that you may browse, and how full these are."""
    for row in reach(base_url, client_key, config).hub.policies.all():
        click.echo(json.dumps(row) if as_json else told(row))


@policies.command()
@_NUMBER
@click.option("--no-wait", is_flag=True, help="Say the job's number and leave.")
@_TIMEOUT
@JSON
@connected
def run(
    number: int,
    no_wait: bool,
    timeout: float | None,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
) -> None:
    """Run a policy at once and wait for its end."""
    from lagan.client.waiting import await_end, require_success

    hub = reach(base_url, client_key, config).hub
    begun = hub.policies.run(number)
    if no_wait:
        click.echo(json.dumps(begun) if as_json else f"Job {begun['job']} was submitted.")
        return
    job = await_end(hub.jobs, begun["job"], timeout=timeout)
    moved = f"Job {job['id']} ended with {job['state']}: {job['numprocessedfiles']} files moved."
    click.echo(json.dumps(job) if as_json else moved)
    require_success(job)


@policies.command("dry-run")
@_NUMBER
@_TIMEOUT
@JSON
@connected
def dry_run(
    number: int,
    timeout: float | None,
    as_json: bool,
    base_url: str | None,
    client_key: str | None,
    config: Path | None,
) -> None:
    """Show what a run would free, by age and by folder, and what stays and why. Changes nothing."""
    from lagan.client.waiting import JobFailed

    known = reach(base_url, client_key, config).hub.policies
    begun = known.run(number, dry=True)
    ended = known.await_run(number, begun["id"], timeout)
    if ended["report"] is None:
        job = ended["job"]
        raise JobFailed(f"Job {job} ended with {ended['state']} and told nothing.", job=job)
    if as_json:
        click.echo(json.dumps(ended["report"]))
    else:
        click.echo("\n".join(lines(ended["report"])))


def told(row: dict[str, Any]) -> str:
    """A policy in one line."""
    disks = [f"{each['path']} {each['percent']:g} %" for each in row["filesystems"]]
    marks = f"{row['low']:g}-{row['high']:g} %" if row["high"] is not None else "no marks"
    last = row["last_run"]
    state = "enabled" if row["enabled"] else "disabled"
    ran = f"last job {last['job']}" if last else "never ran"
    words = (row["id"], row["site"], row["title"], marks, state, row["every"], ran, *disks)
    return "\t".join(shown(str(word)) for word in (*words, row["last_error"]) if word)
