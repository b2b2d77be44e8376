"""The two programs of the engine beside the web: a worker with the hub's database, and the
scheduler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from django.conf import settings

from lagan.hub.accounts.services import deliver_letters
from lagan.hub.audit.feed import run_reactions
from lagan.hub.audit.services import seal
from lagan.hub.base.locks import advisory
from lagan.hub.jobs.changes import DatabaseWaker
from lagan.hub.jobs.dispatch import dispatch
from lagan.hub.jobs.keys import own_key
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.reconcile import give_back_of, reconcile
from lagan.hub.jobs.schedules import run_due
from lagan.hub.jobs.services import ensure_site
from lagan.worker import embedded, lifeline, place
from lagan.worker import site as site_steps
from lagan.worker.embedded import Worker, new_name
from lagan.worker.place import Place
from lagan.worker.wire import SCHEME

log = logging.getLogger(__name__)

TICK = 1.0  # seconds between two rounds of the scheduler when nothing happens
BREATH = 0.1  # seconds between two rounds when much happens
LONGEST = 10.0  # seconds between two rounds while nothing at all can be done


def run_worker(
    *,
    sites: Sequence[str],
    threads: int,
    broker_url: str | None,
    lease: float,
    stop: Event,
    where: Place | None = None,
) -> None:
    """Serve `sites`, whose files are `where`, until `stop` is set (SIGTERM, with a broker); sites
    that nobody has set up yet are made."""
    # What it asks the hub over HTTP it asks as its sites, with a word that the hub's secret signs.
    own = replace(where or Place(), credentials=lambda: f"{SCHEME} {own_key(sites)}")
    place.serve(own.of(sites))
    site_steps.register()
    for site in sites:
        ensure_site(name=site)
    worker = Worker(new_name(), sites, threads, lease)
    ledger = DatabaseLedger(lease)
    with lifeline.hold(run_folder(), worker.name):
        if broker_url:
            from lagan.worker import celery_app  # slow to import, and not needed without a broker

            celery_app.serve(worker, ledger, broker_url)
        else:
            embedded.serve(worker, ledger, DatabaseWaker(), stop)


def run_scheduler(*, broker_url: str | None, stop: Event) -> None:
    """Do what must be done now and then, until `stop` is set. Any number of schedulers may run."""
    rounds: list[Callable[[], object]] = [seal, run_reactions, _bury, reconcile, _run_due]
    rounds.append(deliver_letters)
    if broker_url:
        from lagan.worker.celery_app import Publisher

        publisher = Publisher(broker_url)
        rounds.append(lambda: dispatch(publisher))
    waker = DatabaseWaker()
    rounds.append(lambda: waker.wait(TICK))
    failures = 0
    while not stop.is_set():
        went = [_attempt(act) for act in rounds]
        failures = 0 if any(went) else failures + 1
        stop.wait(pause(failures))


def pause(failures: int) -> float:
    """Seconds until the next round, after so many in a row in which nothing succeeded: a database
    that is away is asked ever more seldom."""
    return min(LONGEST, BREATH * 2.0 ** min(failures, 20))


def run_folder() -> Path:
    """Where workers of this machine show that they live."""
    return Path(settings.CONFIG.data) / "run"


def _bury() -> None:
    lifeline.bury(run_folder(), lambda worker: give_back_of([worker]))


def _run_due() -> None:
    with advisory("jobs.schedules") as held:
        if held:
            run_due()


def _attempt(act: Callable[[], object]) -> bool:
    """One act of a round, and whether it succeeded; its failure (a database that restarts) is told
    and must not end the scheduler."""
    try:
        act()
    except Exception:
        log.exception("the scheduler goes on after a failure")
        return False
    return True
