"""`lagan dataset`: create, fill, close and fetch datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.named import DATASET, id_of

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
def dataset(ctx: click.Context, url: str | None, api_key: str | None, config: Path | None) -> None:
    """Create, fill, close and fetch datasets."""
    ctx.obj = (url, api_key, config)


@dataset.command("list")
@_JSON
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the datasets that you may see, newest first."""
    for row in _hub(ctx).datasets():
        _say(row, as_json, "{id}\t{state}\t{owner}\t{name}")


@dataset.command()
@click.argument("name")
@click.option(
    "--group", required=True, callback=id_of, help="The group that will own it: its id or path."
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["manual", "automated"]),
    default="manual",
    help="Who brings the files: you, or the hub from the computer.",
)
@click.option("--computer", callback=id_of, help="The computer that it comes from: its id or path.")
@click.option("--path", default="", help="What is fetched: a path beneath the computer's top.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Metadata; again for more."
)
@_JSON
@click.pass_context
def create(
    ctx: click.Context,
    name: str,
    group: str,
    kind: str,
    computer: str | None,
    path: str,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make an open dataset; an automated one is fetched by the hub and then closed."""
    metadata: dict[str, list[str]] = {}
    for each in settings:
        key, equals, value = each.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes KEY=VALUE, not {each!r}.")
        metadata.setdefault(key, []).append(value)
    source = computer and int(computer)
    facts = {"type": kind, "computer": source, "source_path": path, "metadata": metadata}
    given = {name: value for name, value in facts.items() if value}
    _say(_hub(ctx).create_dataset(name, group, **given), as_json, "{id}")


@dataset.command()
@DATASET
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--under", default="", help="The folder in the dataset that they go to.")
@_JSON
@click.pass_context
def put(ctx: click.Context, dataset: str, source: Path, under: str, as_json: bool) -> None:
    """Send a file, or everything below a folder; what is there already is not sent again."""
    import sys
    from dataclasses import asdict

    from lagan.client import folder

    refused = 0
    for sent in folder.put(_hub(ctx), dataset, source, under):
        refused += sent.status == "refused"
        _say(asdict(sent), as_json, "{status}\t{path}\t{reason}")
    sys.exit(11 if refused else 0)


@dataset.command()
@DATASET
@click.argument("path", required=False)
@click.option("-o", "--output", type=_PATH, help="A file for PATH, else a folder; default: here.")
@click.option("--version", type=click.IntRange(1), help="Another version of PATH than the current.")
@_JSON
@click.pass_context
def get(
    ctx: click.Context,
    dataset: str,
    path: str | None,
    output: Path | None,
    version: int | None,
    as_json: bool,
) -> None:
    """Fetch one file of a dataset, or without PATH all of them, compared with their digests."""
    from lagan.client import folder

    if version is not None and path is None:
        raise click.UsageError("--version needs the PATH that it is a version of.")
    hub = _hub(ctx)
    if path is not None:
        target = output or Path(path.rpartition("/")[2])
        stored = hub.download(dataset, path, target, version)
        told = {"path": str(target), "size": stored.size, "sha256": stored.sha256}
        _say(told, as_json, "{path}\t{size}")
        return
    for fetched, size in folder.get(hub, dataset, output or Path()):
        _say({"path": fetched, "size": size}, as_json, "{path}\t{size}")


@dataset.command("zip")
@DATASET
@click.option("-o", "--output", type=_PATH, help="Default: DATASET.zip.")
@_JSON
@click.pass_context
def zip_(ctx: click.Context, dataset: str, output: Path | None, as_json: bool) -> None:
    """Fetch all files of a dataset as one zip."""
    target = output or Path(f"{dataset}.zip")
    stored = _hub(ctx).download_zip(dataset, target)
    _say({"path": str(target), "size": stored.size}, as_json, "{path}\t{size}")


@dataset.command()
@DATASET
@_JSON
@click.pass_context
def close(ctx: click.Context, dataset: str, as_json: bool) -> None:
    """Close a dataset: nothing can be added any more."""
    _say(_hub(ctx).close_dataset(dataset), as_json, "{id}\t{state}")


@dataset.command()
@DATASET
@_JSON
@click.pass_context
def show(ctx: click.Context, dataset: str, as_json: bool) -> None:
    """Show a dataset's facts."""
    row = _hub(ctx).dataset(dataset)
    if as_json:
        _say(row, as_json, "")
        return
    for key, value in row.items():
        click.echo(f"{key}\t{'' if value is None else value}")


@dataset.command()
@DATASET
@click.option("--level", default="INFO", help="DEBUG, INFO, WARN, ERROR or FATAL; default INFO.")
@_JSON
@click.pass_context
def log(ctx: click.Context, dataset: str, level: str, as_json: bool) -> None:
    """Show a dataset's log, newest first."""
    for line in _hub(ctx).dataset_log(dataset, level):
        _say(line, as_json, "{at}\t{level}\t{by}\t{text}")


@dataset.command()
@DATASET
@click.argument("date")
@_JSON
@click.pass_context
def expire(ctx: click.Context, dataset: str, date: str, as_json: bool) -> None:
    """Change the expire date: 2030-01-31, "+6 months" from now, or never."""
    answer = _hub(ctx).act_on_dataset(dataset, "expiry", {"expires": date}, "PUT")
    _say(answer, as_json, "{id}\t{expires}")


@dataset.command()
@DATASET
@_JSON
@click.pass_context
def acquire(ctx: click.Context, dataset: str, as_json: bool) -> None:
    """Fetch once more what could not be fetched of an automated dataset."""
    _say(_hub(ctx).act_on_dataset(dataset, "acquire"), as_json, "{job}")


@dataset.command()
@DATASET
@click.confirmation_option(prompt="Remove it?")
@click.pass_context
def remove(ctx: click.Context, dataset: str) -> None:
    """Remove a dataset; administrators can put it back for 30 days."""
    _hub(ctx).remove_dataset(dataset)


@dataset.command()
@DATASET
@click.argument("path")
@_JSON
@click.pass_context
def versions(ctx: click.Context, dataset: str, path: str, as_json: bool) -> None:
    """List the versions of a file, newest first; `*` marks the current one."""
    for row in _hub(ctx).versions(dataset, path):
        told = {**row, "mark": "*" if row["current"] else " ", "digest": row["sha256"] or "-"}
        _say(row if as_json else told, as_json, "{mark}{version}\t{added}\t{size}\t{digest}")


@dataset.command()
@DATASET
@click.argument("path", required=False)
@click.argument("version", type=click.IntRange(1), required=False)
@_JSON
@click.pass_context
def restore(
    ctx: click.Context, dataset: str, path: str | None, version: int | None, as_json: bool
) -> None:
    """Put a removed DATASET back; or, with PATH and VERSION, make an old version of a file the
    newest, while the dataset is open.

    Removed datasets are put back by administrators, within 30 days.
    """
    if path is None:
        _say(_hub(ctx).act_on_dataset(dataset, "restore"), as_json, "{id}\t{state}")
    elif version is None:
        raise click.UsageError("A file's PATH needs the VERSION that shall be the newest.")
    else:
        _say(_hub(ctx).restore_version(dataset, path, version), as_json, "{version}\t{size}")


@dataset.command()
@DATASET
@click.argument("paths", nargs=-1, required=True)
@_JSON
@click.pass_context
def rm(ctx: click.Context, dataset: str, paths: tuple[str, ...], as_json: bool) -> None:
    """Take files out of an open dataset, all of PATHS or none; their versions stay."""
    _hub(ctx).remove_files(dataset, paths)
    for path in paths:
        _say({"path": path, "removed": True}, as_json, "{path}")


def _hub(ctx: click.Context) -> Hub:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    ctx.call_on_close(hub.close)
    return hub


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words.format_map(row))


def _citizens() -> None:
    """The commands by which a dataset meets the world are a file of their own."""
    from lagan.cli import dataset_sharing

    for each in dataset_sharing.COMMANDS:
        dataset.add_command(each)


_citizens()
