"""Who serves a site is known by what it said a moment ago, and what it runs by the rows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from lagan.hub.jobs import presence
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site, SiteWorker
from lagan.hub.jobs.services import ensure_site
from lagan.worker.ledger import WorkerFacts


def _say(name: str, *sites: str, ago: float = 0.0) -> None:
    """A worker says that it is there; `ago` seconds have passed since."""
    presence.note(WorkerFacts(name, sites, "host", "1.2", "hub", 4, 0, 0.5, ["/data"]))
    seen = timezone.now() - timedelta(seconds=ago)
    SiteWorker.objects.filter(name=name).update(seen=seen)


def test_a_site_is_online_while_one_of_its_workers_speaks(site: Site) -> None:
    ensure_site(name="plant")
    assert not presence.is_online("lab")
    _say("w1", "lab", ago=60)
    assert not presence.is_online("lab")
    _say("w2", "lab")
    assert presence.is_online("lab")
    assert presence.online() == {"lab"}


def test_workers_are_listed_with_what_they_told_and_what_they_run(
    job: Job, ledger: DatabaseLedger
) -> None:
    ensure_site(name="plant")
    _say("gone", "lab", ago=60)
    _say("here", "lab", "plant")
    ledger.claim(["lab"], "here", 2)
    gone_last = [(each.name, each.online, each.running) for each in presence.workers("lab")]
    assert gone_last == [("here", True, 2), ("gone", False, 0)]
    everywhere = [(each.site, each.name, each.running) for each in presence.workers()]
    assert everywhere == [("lab", "here", 2), ("lab", "gone", 0), ("plant", "here", 0)]
    row = presence.workers("plant")[0]
    assert (row.host, row.version, row.transport) == ("host", "1.2", "hub")
    assert (row.threads, row.load, row.roots) == (4, 0.5, ["/data"])


def test_who_has_been_silent_for_a_week_is_forgotten(site: Site) -> None:
    _say("old", "lab", ago=8 * 86_400)
    _say("young", "lab", ago=6 * 86_400)
    presence.forget_gone()
    assert [each.name for each in presence.workers("lab")] == ["young"]


def test_of_one_machine_only_the_last_that_are_gone_are_remembered(site: Site) -> None:
    for number in range(12):
        _say(f"w{number:02}", "lab", ago=1000 - number)
    _say("new", "lab")
    names = [each.name for each in presence.workers("lab")]
    assert names == ["new", "w07", "w08", "w09", "w10", "w11"]


def test_a_worker_of_a_site_that_is_gone_is_no_error(db: None) -> None:
    _say("w", "nowhere")
    assert presence.workers() == []
