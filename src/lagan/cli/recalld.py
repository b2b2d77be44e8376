"""`lagan recalld`: whoever opens a migrated file on this machine gets its content."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.hsm.gate.reporting import Report
    from lagan.hsm.gate.settings import GateSettings
    from lagan.worker.settings import WorkerSettings

CONFIG = Path("/etc/lagan/recalld.conf")

_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=CONFIG,
    show_default=True,
    help="An ini file with [settings].",
)


@click.group(invoke_without_command=True)
@_config
@click.pass_context
def recalld(context: click.Context, config: Path) -> None:
    """Bring content back when somebody opens a migrated file on this machine; runs until told to
    stop, as root.

    Without it, who opens such a file reads zeros. SIGHUP has the settings read again.
    """
    context.obj = config
    if context.invoked_subcommand is None:
        _serve(config)


def _serve(config: Path) -> None:
    from lagan.cli.worker import stop_on_signals
    from lagan.hsm.gate.serving import guard
    from lagan.hsm.gate.settings import read_settings
    from lagan.hsm.gate.supervised import tell
    from lagan.kit.stopping import on_signals

    stop = stop_on_signals()
    _log()
    settings = read_settings(config)
    serving = guard(settings, _worker(settings.worker).roots, config, stop)
    on_signals(serving.reload, [signal.SIGHUP])
    serving.serve(lambda: tell("READY=1"))
    tell("STOPPING=1")


@recalld.command(hidden=True)
@click.option("--link", type=int, required=True)
@click.option("--door", type=int, required=True)
@_config
def move(link: int, door: int, config: Path) -> None:
    """Started by the guard: bring content back and answer at the door."""
    from lagan.hsm.gate.holds import Holds
    from lagan.hsm.gate.mover import Mover
    from lagan.hsm.gate.serving import folder_of_holds
    from lagan.hsm.gate.settings import read_settings
    from lagan.worker.place import serve
    from lagan.worker.site.targets import target_called

    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the guard says when
    _log()
    settings = read_settings(config)
    worker = _worker(settings.worker)
    serve(worker.place().of(worker.sites))
    report = _report(settings, worker)
    report.tell_on(Event())
    Mover(
        socket.socket(fileno=link),
        socket.socket(fileno=door),
        Holds(folder_of_holds(settings)),
        settings,
        roots=worker.roots,
        target_called=target_called,
        read_again=lambda: read_settings(config),
        note=report.note,
    ).serve()
    os._exit(0)  # at once: what a thread still does, the next guard's mover would wait for


@recalld.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def status(config: Path, as_json: bool) -> None:
    """Show what waits, since when, and how much of it is here."""
    from lagan.kit.sizes import show_size

    answer = _ask(config, {"verb": "status"})
    if as_json:
        click.echo(json.dumps(answer))
        return
    frozen = "; recalls are frozen" if answer["frozen"] else ""
    left = show_size(answer["bytes"])
    click.echo(f"{answer['waiting']} wait for {answer['recalls']} files, {left}{frozen}.")
    for each in answer["shown"]:
        moved, size = show_size(each["moved"]), show_size(each["size"])
        doing = f"{moved} of {size}" if each["running"] else f"queued, {size}"
        programs = ", ".join(each["programs"])
        path = each["path"].encode("utf-8", "surrogateescape")
        line = f"{each['place']:4}  {each['seconds']:.0f} s  {doing}  {programs}  "
        click.echo(line.encode() + path)


@recalld.command()
@_config
def freeze(config: Path) -> None:
    """Have no recall begin until `thaw`: who opens a migrated file is told to try again."""
    _ask(config, {"verb": "freeze", "on": True})


@recalld.command()
@_config
def thaw(config: Path) -> None:
    """The opposite of freeze."""
    _ask(config, {"verb": "freeze", "on": False})


def _report(settings: GateSettings, worker: WorkerSettings) -> Report:
    """Where recalls are noted, and the hub that is told of them."""
    from lagan.client import Hub
    from lagan.client.config import address
    from lagan.hsm.gate.reporting import Report

    hub = settings.hub
    if hub is None:
        return Report(settings.state)
    client = Hub(address(hub.base_url), api_key=hub.client_key, tls=worker.tls)
    return Report(settings.state, client.jobs, hub.site)


def _ask(config: Path, message: dict[str, Any]) -> dict[str, Any]:
    from lagan.hsm.gate.asked import ask
    from lagan.hsm.gate.settings import DOOR, read_settings
    from lagan.kit.errors import Unavailable

    door = read_settings(config).door if config.exists() or config != CONFIG else DOOR
    answer = ask(door, message)
    if answer is None:
        raise Unavailable(f"No recalld answers at {door}.")
    return answer


def _worker(path: Path) -> WorkerSettings:
    """The worker's settings, whose roots and targets are ours."""
    from lagan.kit.errors import BadInput
    from lagan.worker.settings import read_settings

    settings = read_settings(path)
    if not settings.roots:
        raise BadInput(f"{path} names no roots.", setting="roots")
    return settings


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
