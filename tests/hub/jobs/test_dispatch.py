"""A few hints for each site, each marked only once the broker has it."""

from __future__ import annotations

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.dispatch import WINDOW, dispatch
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.services import TaskSpec, cancel, create_job
from lagan.kit.errors import Unavailable
from lagan.worker.ledger import Outcome


class Broker:
    """Takes hints until `breaks_after` of them."""

    def __init__(self, breaks_after: int = 10**6) -> None:
        self.hints: list[tuple[str, int, int]] = []
        self.breaks_after = breaks_after

    def publish(self, site: str, task_id: int, attempt: int) -> None:
        if len(self.hints) >= self.breaks_after:
            raise Unavailable("The broker is gone.")
        self.hints.append((site, task_id, attempt))


def test_no_more_is_on_its_way_than_a_window(site: Site, ledger: DatabaseLedger) -> None:
    window = site.limit * WINDOW
    specs = [TaskSpec("s", "lab") for _ in range(window + 5)]
    job = create_job(kind="k", title="t", by=SYSTEM, tasks=specs)
    broker = Broker()
    assert (dispatch(broker), dispatch(broker)) == (window, 0)
    held = ledger.claim_hint(*broker.hints[0][1:], redelivered=False, worker="w")
    assert held is not None
    assert dispatch(broker) == 0
    ledger.finish(held, Outcome())
    assert dispatch(broker) == 1
    cancel(job=job.pk, by=SYSTEM)
    assert dispatch(broker) == 0


def test_the_urgent_overtake_what_waits_in_the_rows(site: Site) -> None:
    tasks = [TaskSpec("bulk", "lab") for _ in range(30)]
    create_job(kind="k", title="t", by=SYSTEM, tasks=tasks)
    broker = Broker()
    dispatch(broker)
    urgent = create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("user", "lab", priority=9)])
    Task.objects.filter(published__isnull=False).delete()
    broker.hints.clear()
    dispatch(broker)
    assert broker.hints[0][1] == urgent.tasks.get().pk


def test_what_the_broker_did_not_take_is_not_marked(job: Job) -> None:
    assert dispatch(Broker(breaks_after=1)) == 0
    assert Task.objects.filter(published__isnull=False).count() == 1
    whole = Broker()
    assert dispatch(whole) == 1


def test_a_task_put_back_is_told_of_again_with_its_new_attempt(
    job: Job, ledger: DatabaseLedger
) -> None:
    broker = Broker()
    dispatch(broker)
    _, first, attempt = broker.hints[0]
    held = ledger.claim_hint(first, attempt, redelivered=False, worker="w")
    assert held is not None
    ledger.release(held)
    dispatch(broker)
    assert broker.hints[-1] == ("lab", first, 1)
    assert ledger.claim_hint(first, 0, redelivered=True, worker="w") is None
