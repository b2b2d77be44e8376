"""`lagan schedule`: the hub's periodic work, until told to stop."""

from __future__ import annotations

import click

from lagan.cli.worker import start_django, stop_on_signals


@click.command()
def schedule() -> None:
    """Seal the record, run reactions and schedules, give back what dead workers held, feed the
    broker.

    Any number may run, on any machine of the hub; each thing is done by one of them. May be
    killed at any time.
    """
    stop = stop_on_signals()  # first of all: a stop is clean from the beginning
    start_django()
    from django.conf import settings

    from lagan.hub.jobs.processes import run_scheduler

    run_scheduler(broker_url=settings.CONFIG.broker_url, stop=stop)
