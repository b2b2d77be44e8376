"""`lagan worker`: serve sites, running their tasks until told to stop."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from threading import Event

import click

from lagan.kit.errors import BadInput
from lagan.worker.settings import WorkerSettings, read_settings
from lagan.worker.settings import root as site_root

HUB = "hub"
"""The site that a worker on the hub's own database serves unless told otherwise."""


@click.command()
@click.option("--site", "sites", multiple=True, help="A site to serve; `hub` for the hub's own.")
@click.option("--config", type=click.Path(path_type=Path), help="An ini file with [settings].")
@click.option("--threads", type=click.IntRange(1, 1000), help="Tasks at once.")
@click.option("--root", "roots", multiple=True, help="A folder of the site that may be opened.")
@click.option("--address", help="The hub's address, for a worker on the hub's own database.")
def worker(
    sites: tuple[str, ...],
    config: Path | None,
    threads: int | None,
    roots: tuple[str, ...],
    address: str | None,
) -> None:
    """Run the tasks of one or more sites until told to stop.

    With hub_url and site_key in --config it needs nothing but the hub's address; broker_url beside
    them brings its work by a broker. Without hub_url it uses the hub's own database. It may be
    killed at any time: what it ran is run again.
    """
    try:
        settings = read_settings(config)
        if roots:
            settings = replace(settings, roots=tuple(site_root(each) for each in roots))
    except BadInput as error:
        raise click.UsageError(error.sentence) from None
    chosen = list(dict.fromkeys(sites or settings.sites))
    stop = stop_on_signals()  # first of all: a stop is clean from the beginning
    count = threads or settings.threads
    if settings.hub_url:
        _serve_site(settings, chosen, count, stop)
    else:
        _serve_database(settings, chosen or [HUB], count, stop, address)


def _serve_site(settings: WorkerSettings, sites: list[str], threads: int, stop: Event) -> None:
    from lagan.worker.serving import serve_site

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve_site(settings, sites=sites, threads=threads, stop=stop)


def _serve_database(
    settings: WorkerSettings, sites: list[str], threads: int, stop: Event, address: str | None
) -> None:
    start_django()
    from django.conf import settings as hub

    from lagan.hub.jobs.processes import run_worker

    run_worker(
        sites=sites,
        threads=threads,
        broker_url=settings.broker_url or hub.CONFIG.broker_url,
        lease=settings.lease,
        stop=stop,
        where=settings.place(address or hub.CONFIG.address or None),
    )


def start_django() -> None:
    """Load the hub's rooms, which register their steps and schedules."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lagan.hub.settings")
    import django

    django.setup()


def stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set."""
    from lagan.kit.stopping import on_signals

    stop = Event()
    on_signals(stop.set)
    return stop
