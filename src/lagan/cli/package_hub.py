"""`lagan package deposit/list/get`: packages at a hub."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.client import Hub

INVALID = 7
_FILE = click.Path(path_type=Path)
WORDS = {
    "0": "new", "1": "uploading", "2": "uploaded", "3": "kept", "4": "upload failed",
    "5": "download failed", "6": "preparing download", "7": "ready for download",
    "8": "checksum failed", "9": "not a valid bag", "10": "valid",
}  # fmt: skip


def _reached(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
        click.option("--config", type=_FILE, help="Default: ~/.config/lagan/client.conf."),
        click.option("--api-key", envvar="LAGAN_API_KEY", help="A client key (LAGAN_API_KEY)."),
        click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL)."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--group", help="The group that will own it: its name, path or id.")
@click.option("--name", help="What it is called; default: the zip's name without .zip.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Metadata; repeatable.")
@click.option("--after", type=int, help="The package that this is the next version of.")
@click.option("--resume", metavar="PACKAGE/UPLOAD", help="Go on with a deposit that broke off.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the verdict.")
@_reached
def deposit(
    source: Path,
    group: str | None,
    name: str | None,
    pairs: tuple[str, ...],
    after: int | None,
    resume: str | None,
    no_wait: bool,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Deposit SOURCE, a zipped bag, and wait until it was judged.

    Exit code 7 says that it was not taken; every reason is told.
    """
    hub, upload = _hub(url, api_key, config), None
    if resume is not None:
        number, _, upload = resume.partition("/")
        row = hub.packages.one(int(number) if number.isdecimal() else 0)
    elif after is None and group is None:
        raise click.UsageError("Say the --group, or --after which package it comes.")
    else:
        called = name or (source.stem if after is None else None)
        row = hub.packages.begin(
            source.name, group=group, name=called, after=after, metadata=_pairs(pairs)
        )
    _send(hub, row, source, upload)
    shown = hub.packages.one(row["id"]) if no_wait else hub.packages.await_verdict(row["id"])
    _say(shown, as_json)
    if shown["status"] in ("4", "8", "9"):
        for reason in hub.packages.errors(row["id"]):
            click.echo(f"error: {reason}", err=True)
        sys.exit(INVALID)


def _send(hub: Hub, row: dict[str, Any], source: Path, upload: str | None) -> None:
    from lagan.cli.package import progress

    size, done = source.stat().st_size, 0

    def created(made: str) -> None:
        nonlocal upload
        upload = made

    with progress(f"Sending {source.name}") as told:

        def sent(count: int) -> None:
            nonlocal done
            done += count
            if told is not None:
                told(done, size)

        try:
            hub.packages.send(row, source, resume=upload, on_created=created, on_bytes=sent)
        except BaseException:
            if upload is not None:
                click.echo(f"It goes on with --resume {row['id']}/{upload}", err=True)
            raise


@click.command("list")
@click.option("--group", help="Only those of this group.")
@click.option("--search", "text", help="Only those with this in their metadata.")
@_reached
def list_(
    group: str | None,
    text: str | None,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """List the packages that you may read, newest first."""
    for row in _hub(url, api_key, config).packages.all(group, text):
        _say(row, as_json)


@click.command()
@click.argument("package", type=int)
@click.option("-o", "--output", type=_FILE, help="Default: the name it was deposited with.")
@_reached
def get(
    package: int,
    output: Path | None,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Fetch a package: it is prepared, and compared with what was deposited."""
    hub = _hub(url, api_key, config)
    name = str(hub.packages.one(package)["system_metadata"]["original_filename"])
    target = output or Path(name)
    from lagan.cli.package import progress

    with progress(f"Fetching {name}") as bar:

        def there(size: int, whole: int) -> None:
            if bar is not None:
                bar(size, whole)

        stored = hub.packages.get(package, target, on_size=there)
    told = {"path": str(target), "size": stored.size, "sha256": stored.sha256}
    click.echo(json.dumps(told) if as_json else f"{target}\t{stored.size}\t{stored.sha256}")


def _hub(url: str | None, api_key: str | None, config: Path | None) -> Hub:
    from lagan.client.config import open_hub

    hub = open_hub(url, api_key, config)
    click.get_current_context().call_on_close(hub.close)
    return hub


def _pairs(given: tuple[str, ...]) -> dict[str, str] | None:
    told: dict[str, str] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes KEY=VALUE, not {each!r}.")
        told[key] = value
    return told or None


def _say(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    state = WORDS.get(str(row["status"]), str(row["status"]))
    click.echo(f"{row['id']}\t{row['version']}\t{state}\t{row['name']}")


COMMANDS = (deposit, list_, get)
