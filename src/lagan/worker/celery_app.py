"""The scale-out engine: RabbitMQ carries hints (task id, attempt) to the sites' queues; Celery's
workers claim and run them.

Settings and their reasons were measured under kill -9 of every part: see
docs/internals/engine.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError  # type: ignore[import-untyped]
from celery import Celery, Task, signals
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError

from lagan.kit.errors import Unavailable
from lagan.worker.answering import answering
from lagan.worker.embedded import Presence, Worker
from lagan.worker.execute import execute
from lagan.worker.ledger import Claimed, Ledger, SiteFull

log = logging.getLogger(__name__)

RUN = "lagan.run"
CONFIRMED_WITHIN = 10.0  # seconds until a broker that does not confirm is taken for gone
FULL_FOR = 5.0  # seconds that a hint waits for room at its site before it is left to be sent again

_SETTINGS: dict[str, Any] = {
    # The row decides what becomes of a task; the message goes only when the row has been told.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_acks_on_failure_or_timeout": True,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    "task_default_queue_type": "quorum",
    "task_default_exchange": "",  # the broker's own; any other would have to be declared
    "worker_detect_quorum_queues": True,
    # Without confirms a killed broker lost publishes that had returned success.
    "broker_transport_options": {"confirm_publish": True},
    "broker_heartbeat": 10,
    "broker_connection_timeout": 5,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_send_task_events": False,
    # A site's account at the broker has rights on the site's queue and on nothing else.
    "worker_enable_remote_control": False,
    "worker_consumer": "lagan.worker.consumer:SiteConsumer",
    "task_serializer": "json",
    "accept_content": ["json"],
    "worker_hijack_root_logger": False,
}


def make_app(broker_url: str, sites: Sequence[str] = ()) -> Celery:
    """An application that speaks to `broker_url` and knows the queues of `sites`."""
    app = Celery("lagan", broker=broker_url, set_as_current=False)
    app.conf.update(_SETTINGS, task_queues=[queue_of(site) for site in sites])
    return app


def queue_of(site: str) -> Queue:
    """The site's queue: replicated, durable, and rid of a message that killed twenty consumers. By
    the default exchange, which brings nothing of one site to another's queue."""
    name = f"eng.{site}"
    return Queue(  # type: ignore[no-untyped-call]
        name,
        Exchange(""),  # type: ignore[no-untyped-call]
        routing_key=name,
        durable=True,
        queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": 20},
    )


class Publisher:
    """Sends hints over one connection that lasts, outside of Celery's pools: these do not survive a
    broker that was killed."""

    def __init__(self, broker_url: str) -> None:
        self._app = make_app(broker_url)
        self._connection: Any = None

    def publish(self, site: str, task_id: int, attempt: int) -> None:
        """Return when the broker has confirmed the hint. Unavailable when it cannot be reached or
        does not confirm."""
        try:
            self._connection = self._connection or self._app.connection_for_write()
            self._app.send_task(
                RUN,
                args=[task_id, attempt],
                queue=queue_of(site),
                producer=self._app.amqp.Producer(self._connection, auto_declare=False),
                retry=False,
                confirm_timeout=CONFIRMED_WITHIN,
            )
        except (KombuError, AMQPError, OSError) as error:
            self.close()
            raise Unavailable(f"The broker did not take a message: {error}") from error

    def close(self) -> None:
        """Give the connection up; the next hint opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect()  # closes without asking a broker that may be gone


def serve(worker: Worker, ledger: Ledger, broker_url: str) -> None:
    """Run tasks that messages name until SIGTERM; return when those that run have ended. Loses
    no message when killed."""
    app = make_app(broker_url, worker.sites)

    @app.task(bind=True, name=RUN)  # type: ignore[untyped-decorator]
    def run(self: Task, task_id: int, attempt: int) -> None:
        redelivered = bool((self.request.delivery_info or {}).get("redelivered"))
        claimed = claim_when_room(ledger, task_id, attempt, redelivered, worker.name)
        if claimed is not None:
            execute(claimed, ledger, lease=worker.lease)

    beside = ExitStack()

    def begin(**_: object) -> None:
        # Only now: the children that run tasks were forked before there was any thread.
        beside.enter_context(answering(worker.sites, ledger, worker.poll))
        beside.enter_context(_presence(worker, ledger))

    def end(**_: object) -> None:
        beside.close()

    signals.worker_ready.connect(begin, weak=False)
    signals.worker_shutting_down.connect(end, weak=False)
    ledger.leave()  # a child must not share a connection
    # Not by Celery's command line, which forgets how its worker ended.
    program = app.Worker(
        hostname=worker.name,
        pool_cls="prefork",
        concurrency=worker.threads,
        loglevel="WARNING",
        queues=[queue_of(site).name for site in worker.sites],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    program.start()
    if program.exitcode:
        ended = f"Work by {_bare(broker_url)} ended with status {program.exitcode}"
        raise Unavailable(f"{ended}; see the log.")


def _bare(broker_url: str) -> str:
    """The broker's address without the account."""
    parts = urlsplit(broker_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@contextmanager
def _presence(worker: Worker, ledger: Ledger) -> Iterator[None]:
    """Say every few seconds that the sites are served, while the block runs."""
    stop, presence = Event(), Presence(worker, ledger)

    def say() -> None:
        while not stop.is_set():
            try:
                presence.say()
            except Exception as error:
                log.warning("the hub was not told that this worker is there: %s", error)
            stop.wait(1.0)
        ledger.leave()

    thread = Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2.0)


def claim_when_room(
    ledger: Ledger, task_id: int, attempt: int, redelivered: bool, worker: str
) -> Claimed | None:
    """Claim the task that a hint names; None when the hint is no longer true, or the site stays
    full."""
    deadline = time.monotonic() + FULL_FOR
    while True:
        try:
            return ledger.claim_hint(task_id, attempt, redelivered, worker)
        except SiteFull:
            if time.monotonic() > deadline:
                return None  # the scheduler sends a hint again as long as the row waits
            time.sleep(0.2)
