"""Jobs forget the name of a person who leaves; what ran as that person runs no more."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hub.accounts import services as accounts
from lagan.hub.accounts.personal import parts
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.models import Job, Schedule
from lagan.hub.jobs.services import ensure_site
from lagan.hub.jobs.workflows.schedules import make_schedule
from lagan.hub.jobs.workflows.services import ensure_defaults, run_workflow

pytestmark = pytest.mark.django_db


def test_what_somebody_started_is_told_and_then_nobody_s() -> None:
    accounts.bootstrap()
    ensure_defaults()
    ensure_site(name="lab")
    ann = accounts.create_user(by=SYSTEM, username="ann", admin=True)
    by = Actor(ann.entity_id, "ann", "jwt")
    asked: dict[str, Any] = {"by": by, "workflow": "recall", "site": "lab", "paths": ["/a"]}
    job = run_workflow(**asked)
    make_schedule(**asked, title="Nightly", every="0 3 * * *")
    told = {part.name: list(part.collect(ann.entity_id)) for part in parts()}
    assert [row["id"] for row in told["jobs"]] == [job.pk]
    assert [row["title"] for row in told["schedules"]] == ["Nightly"]
    accounts.anonymise(by=SYSTEM, username="ann")
    kept = Job.objects.get(pk=job.pk)
    assert (kept.created_by, kept.created_by_name) == (ann.entity_id, f"removed-{ann.entity_id}")
    assert not Schedule.objects.filter(created_by=ann.entity_id).exists()
