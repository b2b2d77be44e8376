"""`lagan audit`: prove that the record is whole, and hand it out."""

from __future__ import annotations

import json
from typing import Any

import click

from lagan.cli.worker import start_django
from lagan.kit.errors import Conflict


@click.group()
def audit() -> None:
    """Verify and export the record of events."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(as_json: bool) -> None:
    """Look for the first event that was altered, removed or inserted; exit status 6 when there is
    one."""
    start_django()
    from lagan.hub.audit import queries

    found, (sequence, digest) = queries.verify(), queries.head()
    if as_json:
        facts = (
            {"harm": found.harm, "sequence": found.sequence, "event": found.event}
            if found
            else None
        )
        click.echo(
            json.dumps({"whole": not found, "events": sequence, "head": digest, "break": facts})
        )
    elif not found:
        click.echo(f"The record is whole: {sequence} events, up to {digest}.")
    if found:
        raise Conflict(f"The record is broken: event {found.sequence} was {found.harm}.")


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="JSON lines; the last one is the head.")
def export(as_json: bool) -> None:
    """Print every sealed event in order, and at the end the head that vouches for all of them."""
    start_django()
    from lagan.hub.audit import queries

    for row, digest in queries.everything():
        if as_json:
            click.echo(json.dumps(_facts(row) | {"hash": digest}))
        else:
            by = row.actor or "nobody"
            click.echo(
                f"{row.sequence} {row.at:%Y-%m-%d %H:%M:%S} {row.kind} by {by}: {row.result}"
            )
    sequence, digest = queries.head()
    head = {"head": sequence, "hash": digest}
    click.echo(json.dumps(head) if as_json else f"{sequence} events, up to {digest}")


def _facts(row: Any) -> dict[str, Any]:
    names = ["sequence", "id", "kind", "actor", "actor_entity", "subject", "data", "result"]
    return {"at": row.at.isoformat(), **{name: getattr(row, name) for name in names}}
