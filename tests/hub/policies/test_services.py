"""Policies are made, changed and removed by who administers sites, seen by who browses them, and
run one at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lagan.hsm.policy.errors import UnsoundPolicy
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.services import cancel
from lagan.hub.jobs.sites import remove_site
from lagan.hub.policies import queries, services
from lagan.hub.policies.errors import PolicyRuns
from lagan.hub.policies.models import Policy, Run
from lagan.kit.errors import Forbidden, NotFound, Unavailable

if TYPE_CHECKING:
    from tests.hub.policies.conftest import Scene

pytestmark = pytest.mark.django_db
REPORT = {"left_out": {}, "files": 2, "limited": False}


def kinds() -> list[str]:
    return list(
        Event.objects.filter(kind__startswith="policy")
        .order_by("id")
        .values_list("kind", flat=True)
    )


def test_a_policy_is_made_changed_and_removed(scene: Scene) -> None:
    row = scene.policy(every="0 3 * * *")
    assert (row.site.name, row.definition["high"], row.created_by_name) == ("lab", 80.0, "admin")
    assert isinstance(row.next_run, datetime)
    admin = scene.admin.actor
    changed = services.change_policy(by=admin, policy=row.pk, low="60", enabled=False, every="")
    assert (changed.definition["low"], changed.definition["high"]) == (60.0, 80.0)
    assert (changed.enabled, changed.next_run) == (False, None)
    services.remove_policy(by=admin, policy=row.pk)
    assert not Policy.objects.exists()
    assert kinds() == ["policy.created", "policy.changed", "policy.removed"]


def test_every_reason_against_it_is_told_at_once(scene: Scene) -> None:
    with pytest.raises(UnsoundPolicy) as refused:
        scene.policy(site="attic", title=" ", every="never", enabled="yes", high=500)
    assert set(refused.value.reasons) == {"site", "title", "every", "enabled", "high"}
    assert not Policy.objects.exists()


def test_who_may_browse_the_site_sees_it_and_who_administers_changes_it(scene: Scene) -> None:
    row = scene.policy()
    mate, stranger = scene.mate.actor, scene.stranger.actor
    assert list(queries.visible(mate)) == [row]
    assert list(queries.visible(stranger)) == []
    acts: list[Callable[[Actor], Any]] = [
        lambda by: services.change_policy(by=by, policy=row.pk, low=1),
        lambda by: services.remove_policy(by=by, policy=row.pk),
        lambda by: services.run_policy(by=by, policy=row.pk),
        lambda by: services.run_policy(by=by, policy=row.pk, dry=True),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act(mate)
        with pytest.raises(NotFound):
            act(stranger)
    for by in (mate, stranger):
        with pytest.raises(Forbidden):
            services.make_policy(by=by, site="lab", title="Mine")
    assert Policy.objects.get().definition == row.definition


def test_a_run_is_a_job_whose_walk_chooses_and_whose_tasks_migrate(
    scene: Scene, work: Callable[..., None]
) -> None:
    row = scene.policy(paths=["/data/raw"], target="archive", stub_size="4 KiB")
    run = services.run_policy(by=scene.admin.actor, policy=row.pk)
    job = Job.objects.get(pk=run.job or 0)
    assert (job.site, job.title, job.discovery) == ("lab", "Room", "policy")
    task = Task.objects.get(job=job)
    assert (task.step, task.args["filters"]["high"]) == ("discover.policy", 80.0)
    work(REPORT, ["/data/raw/a", "/data/raw/b"])
    task = Task.objects.get(job=job, stage=0)
    assert task.step == "hsm.migrate"
    assert task.args == {
        "premigrate": False, "stub_size": 4096, "overwrite": False, "target": "archive",
        "even_pinned": False, "until": 70.0,
    }  # fmt: skip
    work({})
    services.run_policy(by=scene.admin.actor, policy=row.pk)
    ended = Run.objects.get(pk=run.pk)
    assert (ended.state, ended.moved, ended.report) == ("SUCCESS", 2, REPORT)


def test_a_dry_run_asks_for_a_look_and_keeps_the_report(
    scene: Scene, work: Callable[..., None]
) -> None:
    scene.fill(85)
    row = scene.policy()
    run = services.run_policy(by=scene.admin.actor, policy=row.pk, dry=True)
    task = Task.objects.get(job=run.job)
    assert (task.step, task.args["policy"]["low"]) == ("hsm.policy", 70.0)
    work(REPORT)
    services.run_policy(by=scene.admin.actor, policy=row.pk, dry=True)
    assert queries.run(scene.mate.actor, row.pk, run.pk).report == REPORT
    assert Task.objects.filter(step="hsm.migrate").count() == 0


def test_never_two_runs_at_once_but_a_look_beside_one(scene: Scene) -> None:
    row = scene.policy(paths=["/data"])
    by = scene.admin.actor
    run = services.run_policy(by=by, policy=row.pk)
    services.run_policy(by=by, policy=row.pk, dry=True)
    for dry in (False, True):
        with pytest.raises(PolicyRuns):
            services.run_policy(by=by, policy=row.pk, dry=dry)
    assert Job.objects.count() == Run.objects.count() == 2
    cancel(job=int(run.job or 0), by=by)
    services.run_policy(by=by, policy=row.pk)
    assert Run.objects.get(pk=run.pk).state == "CANCELLED"


def test_without_paths_the_sites_folders_are_meant_as_its_workers_tell(scene: Scene) -> None:
    row = scene.policy()
    with pytest.raises(Unavailable):
        services.run_policy(by=scene.admin.actor, policy=row.pk)
    assert not Run.objects.exists()
    scene.fill(50, roots=("/data", "/home"))
    run = services.run_policy(by=scene.admin.actor, policy=row.pk)
    from lagan.hub.jobs import packing

    assert packing.unpack_items(Job.objects.get(pk=run.job or 0).paths) == ["/data", "/home"]


def test_how_full_the_site_is_is_told_by_its_workers(scene: Scene) -> None:
    row = scene.policy(paths=["/data/raw"])
    assert queries.filesystems_of_each([row]) == {row.pk: []}
    scene.fill(85)
    (told,) = queries.filesystems_of_each([row])[row.pk]
    assert (told["path"], told["percent"]) == ("/data", 85)


def test_a_policy_goes_with_its_site(scene: Scene) -> None:
    row = scene.policy()
    remove_site(by=SYSTEM, site=row.site_id)
    assert not Policy.objects.exists()


def test_old_runs_are_forgotten(
    scene: Scene, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lagan.hub.policies.running.KEPT", 2)
    scene.fill(85)
    row = scene.policy()
    for _ in range(4):
        services.run_policy(by=scene.admin.actor, policy=row.pk, dry=True)
        work(REPORT)
    assert len(queries.runs(scene.mate.actor, row.pk).items) == 2
