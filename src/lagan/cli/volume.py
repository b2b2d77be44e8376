"""`lagan volume`: prepare a place for archived bytes, prove it fit, see what it says about
itself."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.store import Identity, Volume
    from lagan.store.conformance import Outcome

as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group()
def volume() -> None:
    """Disks, folders and buckets that hold archived files.

    LOCATION is a folder, posix:/folder, or s3://bucket/prefix?endpoint=URL (credentials come from
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY).
    """


@volume.command()
@click.argument("location")
@click.option("--name", required=True, help="What people will call it.")
@click.option("--adopt", is_flag=True, help="Take a place that already holds files.")
@as_json
def prepare(location: str, name: str, adopt: bool, as_json: bool) -> None:
    """Make an empty place a volume, with a fresh identity."""
    from lagan.store import open_volume
    from lagan.store import prepare as prepare_volume

    opened = open_volume(location)
    _show_identity(opened, prepare_volume(opened, name=name, adopt=adopt), as_json)


@volume.command()
@click.argument("location")
@as_json
def show(location: str, as_json: bool) -> None:
    """Tell who a volume is and how much room it has."""
    from lagan.store import identify, open_volume

    opened = open_volume(location)
    _show_identity(opened, identify(opened), as_json)


@volume.command()
@click.argument("location")
@click.option("--big", default="64 MiB", show_default=True, help="Size of the large test object.")
@as_json
def check(location: str, big: str, as_json: bool) -> None:
    """Prove a place fit before it is trusted: every promise of a volume, tried out.

    What the checks write they remove again. The exit status is 0 only if every promise held.
    """
    from lagan.kit.sizes import parse_size
    from lagan.store import open_volume
    from lagan.store.conformance import CHECKS, try_out

    opened, size, broken = open_volume(location), parse_size(big), 0
    for each in CHECKS:
        _show_progress(each.title)
        outcome = try_out(each, opened, location=_reopen(location), big=size)
        broken += outcome.state == "broken"
        _show_outcome(outcome, as_json)
    if broken:
        click.echo(f"{location}: {broken} of {len(CHECKS)} promises broken", err=True)
        sys.exit(1)


@volume.command()
@click.argument("location")
@as_json
def journal(location: str, as_json: bool) -> None:
    """Print what was stored, line by line; damaged lines are named. Exit status 1 if there are
    any."""
    from lagan.store import Damage, Journal, open_volume

    damaged = False
    for entry in Journal(open_volume(location)).entries():
        damaged = damaged or isinstance(entry, Damage)
        click.echo(_to_json(type(entry).__name__, entry) if as_json else _to_text(entry))
    if damaged:
        sys.exit(1)


def _reopen(location: str) -> str | None:
    return None if location.startswith("memory:") else location


def _show_identity(opened: Volume, identity: Identity, as_json: bool) -> None:
    from lagan.kit.sizes import show_size
    from lagan.kit.times import show_time

    usage = opened.usage()
    if as_json:
        shown = {**dataclasses.asdict(identity), "location": opened.location}
        click.echo(json.dumps({**shown, **dataclasses.asdict(usage)}, default=str))
        return
    click.echo(f"{identity.name}  {identity.id}")
    click.echo(f"at {opened.location}, prepared {show_time(identity.created)}")
    if usage.total is not None and usage.free is not None:
        click.echo(f"{show_size(usage.free)} of {show_size(usage.total)} free")


def _show_progress(title: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K        ...  {title}", nl=False, err=True)


def _show_outcome(outcome: Outcome, as_json: bool) -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(outcome)))
        return
    reason = f": {outcome.reason}" if outcome.reason else ""
    click.echo(f"{outcome.state:<14} {outcome.seconds:7.2f} s  {outcome.title}{reason}")


def _to_json(kind: str, entry: Any) -> str:
    return json.dumps({"entry": kind, **dataclasses.asdict(entry)}, default=str, ensure_ascii=False)


def _to_text(entry: Any) -> str:
    from lagan.kit.times import show_time
    from lagan.store import Damage, FileLine, VoidLine

    match entry:
        case FileLine():
            where = f"{entry.object} +{entry.offset}"
            what = f"{entry.digests.size} bytes  {entry.digests.sha256 or entry.digests.blake3}"
            return f"{show_time(entry.stored_at)}  file  {entry.name!r}  {where}  {what}"
        case VoidLine():
            return f"{show_time(entry.at)}  void  {entry.id}"
        case Damage():
            return f"DAMAGED  {entry.place} line {entry.line}: {entry.reason}"
        case _:
            data = json.dumps(entry.data, ensure_ascii=False)
            return f"{show_time(entry.at)}  note  {entry.kind}  {data}"
