"""`lagan node volumes, confirm, prepare-volume, rebuild`: the disks of an archive node."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.hub.doors.node.config.shape import NodeConfig

as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
of_config = click.option(
    "--cfg",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The node's XML configuration.",
)
TOLD_EVERY = 10.0
"""Seconds between two lines of progress."""


@click.command()
@of_config
@as_json
@click.pass_context
def volumes(context: click.Context, cfg: Path | None, as_json: bool) -> None:
    """List the volumes in the node's volume directory, and which are to be confirmed."""
    config = _open(context, cfg)
    from lagan.hub.doors.node.volumes import adopting

    _show([asdict(each) for each in adopting.volumes(config)], as_json)


@click.command()
@of_config
@click.argument("which", nargs=-1, metavar="[SLOT|DISK_ID]...")
@as_json
@click.pass_context
def confirm(context: click.Context, cfg: Path | None, which: Sequence[str], as_json: bool) -> None:
    """Make volumes with files of the archive server ours: those named, or all unconfirmed.

    Every catalogued file is read and compared; a stopped run goes on where it was. Until it is
    done the volume is only read. Exit code 1 if any file is damaged or missing.
    """
    config = _open(context, cfg)
    from lagan.hub.doors.node.volumes import adopting

    found = []
    for each in _chosen(adopting.volumes(config), which):
        say = _progress(f"{each.slot}: {each.left} files to read", as_json)
        done = adopting.confirm(
            path=Path(each.path), disk_id=each.disk_id, by=_administrator(), watch=say
        )
        found.append({"slot": each.slot, **asdict(done)})
    _show(found, as_json)
    if _is_running(config):
        click.echo("The node is running: INIT makes it write on them.", err=True)
    if any(each["damaged"] for each in found):
        sys.exit(1)


@click.command()
@of_config
@as_json
@click.pass_context
def rebuild(context: click.Context, cfg: Path | None, as_json: bool) -> None:
    """Bring the catalogue's files back from the journals of the node's volumes.

    The node must not be running. Exit code 1 if something needs a person's look: files that are
    not on their disk, damaged lines of a journal, other files with the same id and version.
    """
    config = _open(context, cfg)
    from lagan.hub.doors.node.process.running import PidFile
    from lagan.hub.doors.node.process.start import host_id, root_of
    from lagan.hub.doors.node.volumes import rebuilding

    with PidFile(root_of(config), host_id(config), force=False):
        done = rebuilding.rebuild(
            config=config,
            host_id=host_id(config),
            by=_administrator(),
            watch=lambda slot: click.echo(f"reading {slot}", err=True),
        )
    _show([asdict(each) for each in done], as_json)
    if any(each.missing or each.damage or each.conflicts for each in done):
        sys.exit(1)


@click.command("prepare-volume")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("-y", "yes", is_flag=True, help="Ask nothing.")
@click.option("-i", "disk_id", default="", help="The disk's id; made up when there is none.")
@click.option("-t", "kind", default="None", help="Its type.")
@click.option("-m", "maker", default="None", help="Its manufacturer.")
@click.option("-o", "overwrite", is_flag=True, help="Although it was prepared before.")
def prepare_volume(
    folder: Path, yes: bool, disk_id: str, kind: str, maker: str, overwrite: bool
) -> None:
    """Make FOLDER a volume of an archive node, as ngas-prepare-volume does."""
    from lagan.hub.doors.node.volumes import volume_info

    info = volume_info.VolumeInfo(disk_id or volume_info.new_id(folder), maker, kind)
    if not yes:
        click.echo(f"{folder}: DiskId {info.disk_id}, Type {kind}, Manufacturer {maker}")
        click.confirm("Prepare it so?", abort=True)
    volume_info.write(folder, info, overwrite=overwrite)
    click.echo(info.disk_id)


def _open(context: click.Context, cfg: Path | None) -> NodeConfig:
    """The configuration, with Django and the catalogue ready. UsageError without a file."""
    cfg = cfg or (context.parent.params.get("cfg") if context.parent else None)
    if cfg is None:
        raise click.UsageError("--cfg is needed: the XML configuration.")
    from lagan.hub.doors.node.config import load
    from lagan.hub.doors.node.process import start

    config = load(cfg)
    start.set_up(config)
    start.migrate()
    from lagan.hub.doors.node.volumes import importing

    importing.take_over(config)
    return config


def _administrator() -> Any:
    from getpass import getuser

    from lagan.hub.base.actors import Actor

    return Actor(None, f"{getuser()} (lagan node)", "system")


def _chosen(known: Sequence[Any], which: Sequence[str]) -> list[Any]:
    """Those named by slot or disk id, or all that wait for it."""
    from lagan.kit.errors import NotFound

    if not which:
        return [each for each in known if each.state == "unconfirmed"]
    found = {name: [each for each in known if name in (each.slot, each.disk_id)] for name in which}
    for name, fitting in found.items():
        if not fitting:
            raise NotFound(f"There is no volume {name} in the node's volume directory.")
    return [fitting[0] for fitting in found.values()]


def _progress(what: str, quiet: bool) -> Callable[[int, int], None]:
    """Says now and then how many files and bytes were read, on standard error."""
    from lagan.kit.sizes import show_size

    files = size = 0
    told = time.monotonic()
    if not quiet:
        click.echo(what, err=True)

    def say(more_files: int, more_bytes: int) -> None:
        nonlocal files, size, told
        files, size = files + more_files, size + more_bytes
        if not quiet and time.monotonic() - told >= TOLD_EVERY:
            told = time.monotonic()
            click.echo(f"  {files} files, {show_size(size)}", err=True)

    return say


def _is_running(config: NodeConfig) -> bool:
    from lagan.hub.doors.node.process.start import host_id, root_of

    return (root_of(config) / f".{host_id(config)}.pid").exists()


def _show(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        lists = {name: value for name, value in row.items() if isinstance(value, list)}
        plain = {name: value for name, value in row.items() if name not in lists}
        click.echo("  ".join(f"{name}={value}" for name, value in plain.items()))
        for name, values in lists.items():
            for value in values:
                click.echo(f"  {name}: {value}")
