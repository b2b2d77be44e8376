"""A site is not removed under work that is being made for it."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connections, transaction

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.errors import NoSuchSite, SiteInUse
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.services import Stage, Submission, TaskSpec, create_job, start
from lagan.hub.jobs.sites import remove_site
from lagan.hub.tree.services import ensure_root


@pytest.fixture
def ground(db: None) -> None:
    ensure_root()


@pytest.mark.django_db(transaction=True)
def test_whoever_removes_a_site_waits_for_work_that_is_being_made(site: Site, owner: Actor) -> None:
    ensure_root()
    told: list[str] = []
    begun = Event()

    def remove() -> None:
        begun.set()
        try:
            remove_site(by=SYSTEM, site=site.pk)
            told.append("removed")
        except SiteInUse as refusal:
            told.append(refusal.code)
        finally:
            connections.close_all()

    thread = Thread(target=remove)
    with transaction.atomic():
        create_job(kind="c", title="C", by=owner, tasks=[TaskSpec("s", "lab", items=["a"])])
        thread.start()
        begun.wait(60)
        thread.join(0.5)  # it would be through by now
        assert not told
    thread.join(60)
    assert told == ["site-in-use"]
    assert Task.objects.get().site == site


@pytest.mark.django_db
def test_a_stage_that_is_still_to_come_keeps_its_site(
    ground: None, site: Site, owner: Actor
) -> None:
    far = Site.objects.create(name="far")
    stages = [Stage("hsm.migrate", "lab"), Stage("hsm.recall", "far")]
    start(submission=Submission("x", "X", "lab", ["/a"], stages), by=owner)
    with pytest.raises(SiteInUse):
        remove_site(by=SYSTEM, site=far.pk)


@pytest.mark.django_db
def test_nothing_is_made_for_a_site_that_is_gone(ground: None, site: Site, owner: Actor) -> None:
    remove_site(by=SYSTEM, site=site.pk)
    with pytest.raises(NoSuchSite):
        create_job(kind="c", title="C", by=owner, tasks=[TaskSpec("s", "lab", items=["a"])])
    assert not Job.objects.exists()
