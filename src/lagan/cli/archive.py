"""`lagan archive`: volumes of a hub, its files' health, scrub, heal, snapshot and rebuild."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.hub.archive.models import Volume

as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
of_volume = click.option("--volume", "name", help="Only this volume.")


@click.group()
def archive() -> None:
    """Scrub, heal and rebuild the archive of this machine's hub."""
    from lagan.cli.worker import start_django

    start_django()


@archive.command("add-volume")
@click.argument("location")
@click.option("--name", required=True, help="What people will call it.")
@click.option("--set", "storage_set", default="main", show_default=True, help="Its storage set.")
@click.option("--role", type=click.Choice(["main", "copy"]), default="main", show_default=True)
@click.option("--no-packs", is_flag=True, help="A new set keeps small files apart.")
@as_json
def add_volume(
    location: str, name: str, storage_set: str, role: str, no_packs: bool, as_json: bool
) -> None:
    """Make LOCATION a volume of this hub: an empty place, or one that `lagan volume prepare`
    made."""
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM

    row = services.add_volume(
        by=SYSTEM,
        location=location,
        name=name,
        storage_set=storage_set,
        role=role,
        packs=not no_packs,
    )
    _show({"id": str(row.id), "name": row.name, "location": row.location}, as_json)


@archive.command()
@as_json
def volumes(as_json: bool) -> None:
    """List the volumes with their room and the damage on them."""
    from lagan.hub.archive import queries

    _show_rows([asdict(each) for each in queries.volumes()], as_json)


@archive.command()
@as_json
def status(as_json: bool) -> None:
    """List every copy that is not good, and what is known of it."""
    from lagan.hub.archive import queries

    after, found = 0, []
    while page := queries.damage(after=after, size=queries.PAGE):
        found += [asdict(each) for each in page]
        after = page[-1].id
    _show_rows(found, as_json)
    if found:
        sys.exit(1)


@archive.command()
@of_volume
@click.option("--full", is_flag=True, help="Compare SHA-256, not only CRC-32C.")
@click.option("--now", is_flag=True, help="Here and at once, instead of as a job.")
@as_json
def scrub(name: str | None, full: bool, now: bool, as_json: bool) -> None:
    """Read every copy again and compare it with what was stored; damage is healed by a job.

    Exit code 1 if any copy is not good (with --now).
    """
    from lagan.hub.archive.reactions import scrub_volume
    from lagan.hub.archive.services.scrubbing import objects_of

    depth = "full" if full else "crc"
    if now:
        seen = [_scrub_now(row, full) for row in _volumes(name)]
        _show_rows(seen, as_json)
        if any(each["damaged"] for each in seen):
            sys.exit(1)
        return
    for row in _volumes(name):
        scrub_volume(row, objects_of(row), depth=depth)
        _show({"volume": row.name, "scrub": "asked for"}, as_json)


def _scrub_now(row: Volume, full: bool) -> dict[str, Any]:
    from lagan.hub.archive.services.scrubbing import objects_of, scrub
    from lagan.hub.archive.steps import heal_files

    with _progress(f"scrub {row.name}") as told:
        names = list(objects_of(row))
        found = scrub(
            row, names, depth="full" if full else "crc", progress=lambda n, size: told(size)
        )
    heal_files(found.damaged)
    damaged = sorted(str(each) for each in found.damaged)
    return {"volume": row.name, "objects": found.objects, "bytes": found.bytes, "damaged": damaged}


@archive.command()
@as_json
def heal(as_json: bool) -> None:
    """Replace every damaged copy by a verified one, here and at once. Exit code 1 if any file could
    not be."""
    from lagan.hub.archive import queries
    from lagan.hub.archive.services.healing import heal as heal_files

    after, healed, failed = 0, 0, {}
    with _progress("heal") as told:
        copied = 0

        def count(size: int) -> None:
            nonlocal copied
            copied += size
            told(copied)

        while page := queries.damage(after=after, size=queries.PAGE):
            files = sorted({each.file for each in page})
            outcome = heal_files(files, progress=count)
            healed += len(set(files) - outcome.failed.keys())
            failed.update({str(k): v.sentence for k, v in outcome.failed.items()})
            after = page[-1].id
    _show({"healed": healed, "failed": failed}, as_json)
    if failed:
        sys.exit(1)


@archive.command()
@as_json
def snapshot(as_json: bool) -> None:
    """Write the catalogue to every volume, so that a lost database costs nothing."""
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM

    _show(asdict(services.snapshot(by=SYSTEM)), as_json)


@archive.command()
@click.option(
    "--starting", is_flag=True, help="Nothing else runs: leave nothing for the next time."
)
@as_json
def sweep(starting: bool, as_json: bool) -> None:
    """Settle what killed processes left on the volumes."""
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM

    swept = services.sweep(by=SYSTEM, starting=starting)
    _show_rows([asdict(each) for each in swept], as_json)


@archive.command("take-in")
@click.argument("volume")
@as_json
def take_in(volume: str, as_json: bool) -> None:
    """Take in what VOLUME knows and the catalogue does not, after an older database was put
    back."""
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM

    [row] = _volumes(volume)
    _show(asdict(services.take_in(by=SYSTEM, volume=row)), as_json)


@archive.command()
@click.argument("locations", nargs=-1)
@as_json
def rebuild(locations: Sequence[str], as_json: bool) -> None:
    """Fill an empty catalogue from the volumes at LOCATIONS, and those their snapshot knows.

    Without LOCATIONS: from the volumes in the data folder, where `lagan up` keeps its own. Exit
    code 1 if something needs a person's look: damaged lines of a journal, objects that belong to
    nobody, copies that are gone.
    """
    from lagan.hub.archive import services
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.ops.first_start import local_volumes, migrate

    migrate()
    locations = locations or local_volumes()
    rebuilt = services.rebuild(by=SYSTEM, locations=locations)
    _show(asdict(rebuilt), as_json)
    if rebuilt.damage or rebuilt.conflicts or rebuilt.unclaimed or rebuilt.missing:
        sys.exit(1)


def _volumes(name: str | None) -> list[Volume]:
    from lagan.hub.archive.models import READABLE, Volume
    from lagan.kit.errors import NotFound

    rows = list(Volume.objects.filter(state__in=READABLE))
    if name is None:
        return rows
    found = [each for each in rows if each.name == name]
    if not found:
        raise NotFound(f"There is no volume {name} that can be read.", volume=name)
    return found


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """A line on the terminal that tells how many bytes were looked at; nothing where there is no
    terminal."""
    from lagan.kit.sizes import show_size

    if not sys.stderr.isatty():
        yield lambda size: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as shown:
        yield lambda size: shown.update(f"{what}: {show_size(size)}")


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, default=str, ensure_ascii=False))
        return
    for name, value in facts.items():
        click.echo(f"{name}: {_text(value)}")


def _show_rows(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(f"{name}={_text(value)}" for name, value in row.items()))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
    return "-" if value is None else str(value)
