"""A worker that has nothing but the hub's address and a key of its site: no database, no Django,
and a broker's hints if it is given one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event

from lagan.kit.errors import BadInput, Unavailable
from lagan.worker import embedded, place
from lagan.worker import site as site_steps
from lagan.worker.embedded import PRESENT_EVERY, Worker, new_name
from lagan.worker.remote import RemoteLedger, RemoteWaker
from lagan.worker.settings import WorkerSettings

log = logging.getLogger(__name__)


def serve_site(
    settings: WorkerSettings, *, sites: Sequence[str], threads: int, stop: Event
) -> None:
    """Serve `sites` until `stop` is set (SIGTERM, with a broker).

    NotSignedIn or NotFound when the hub does not know the key, or the key is not for these sites;
    a hub that cannot be reached yet is waited for.
    """
    if not (settings.hub_url and settings.site_key):
        raise BadInput("hub_url and site_key are needed.", setting="hub_url")
    if not sites:
        raise BadInput(
            "Say which sites to serve: by --site, or sites in the file.", setting="sites"
        )
    place.serve(settings.place().of(sites))
    site_steps.register()
    ledger = RemoteLedger(
        settings.hub_url, settings.site_key, tls=settings.tls, lease=settings.lease, stop=stop
    )
    transport = "broker" if settings.broker_url else "hub"
    worker = Worker(new_name(), sites, threads, settings.lease, transport, PRESENT_EVERY)
    _introduce(worker, ledger)
    if settings.broker_url:
        from lagan.worker import celery_app  # slow to import, and not needed without a broker

        celery_app.serve(worker, ledger, settings.broker_url)
    else:
        embedded.serve(worker, ledger, RemoteWaker(ledger, sites), stop)


def _introduce(worker: Worker, ledger: RemoteLedger) -> None:
    """Say at the start who serves: a wrong key is told to whoever started this, not to a log."""
    try:
        ledger.present(worker.facts())
    except Unavailable as error:
        log.warning("the hub is not there yet: %s", error.sentence)
