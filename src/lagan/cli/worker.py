"""`lagan worker`: serve sites, running their tasks until told to stop."""

from __future__ import annotations

import configparser
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import click

from lagan.kit.errors import BadInput
from lagan.worker.ledger import LEASE

THREADS = 10
"""Tasks at once unless told otherwise (seeds/workflow-hub.txt, worker configuration)."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker's configuration file says."""

    threads: int = THREADS
    broker_url: str | None = None
    lease: float = LEASE


def read_settings(path: Path | None) -> WorkerSettings:
    """The `[settings]` of an ini file. BadInput names what is wrong with it.

    `threads` and `broker_url` mean what seeds/workflow-hub.txt says; `result_backend` is
    accepted and not needed, because results are rows; `lease` (seconds until a silent worker's
    tasks go to others) is ours.
    """
    if path is None:
        return WorkerSettings()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(), str(path))
        given = dict(parser["settings"])
    except OSError as error:
        raise BadInput(f"Cannot read {path}: {error.strerror}.") from None
    except KeyError:
        raise BadInput(f"{path} has no section [settings].") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no ini file: {' '.join(str(error).split())}") from None
    return WorkerSettings(
        threads=int(_number(path, given, "threads", THREADS, whole=True)),
        broker_url=given.get("broker_url") or None,
        lease=_number(path, given, "lease", LEASE, whole=False),
    )


def _number(path: Path, given: dict[str, str], name: str, default: float, *, whole: bool) -> float:
    text = given.get(name, str(default))
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = -1
    if not 0 < value < 100_000:
        kind = "a whole number" if whole else "a number"
        raise BadInput(f"{path}: {name} must be {kind} above 0, not {text!r}.", setting=name)
    return value


@click.command()
@click.option(
    "--site", "sites", multiple=True, default=("hub",), show_default=True, help="A site to serve."
)
@click.option("--config", type=click.Path(path_type=Path), help="An ini file with [settings].")
@click.option("--threads", type=click.IntRange(1, 1000), help="Tasks at once.")
def worker(sites: tuple[str, ...], config: Path | None, threads: int | None) -> None:
    """Run the tasks of one or more sites until told to stop.

    Without a broker tasks are taken from the hub's database; with one (broker_url in --config,
    or the hub's own BROKER_URL) from its queues. It may be killed at any time: what it ran is
    run again elsewhere.
    """
    try:
        settings = read_settings(config)
    except BadInput as error:
        raise click.UsageError(error.sentence) from None
    stop = stop_on_signals()  # first of all: a stop is clean from the beginning
    start_django()
    from django.conf import settings as hub

    from lagan.hub.jobs.processes import run_worker

    run_worker(
        sites=list(dict.fromkeys(sites)),
        threads=threads or settings.threads,
        broker_url=settings.broker_url or hub.CONFIG.broker_url,
        lease=settings.lease,
        stop=stop,
    )


def start_django() -> None:
    """Load the hub's rooms, which register their steps and schedules."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lagan.hub.settings")
    import django

    django.setup()


def stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
