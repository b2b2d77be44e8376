"""Jobs over REST: your own, with progress; those of others look absent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.models import User
from lagan.hub.accounts.services import bootstrap, create_user, issue_tokens
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.tree.services import ensure_root, set_grants
from lagan.worker.ledger import ItemFailure, Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def users(site: Site) -> dict[str, User]:
    """An owner, a supervisor who holds TASK_READ on the root, a stranger."""
    bootstrap()
    root = ensure_root().root.id
    made = {name: create_user(by=SYSTEM, username=name) for name in ("owner", "boss", "stranger")}
    set_grants(by=SYSTEM, subject=made["boss"].entity_id, object=root, grant=["TASK_READ"])
    return made


@pytest.fixture
def their_job(users: dict[str, User]) -> Job:
    by = Actor(users["owner"].entity_id, "owner", "jwt")
    specs = [TaskSpec("s", "lab", items=["a", "b"]), TaskSpec("s", "lab", items=["c"])]
    return create_job(kind="copy", title="Copy", by=by, tasks=specs)


def _call(user: User, verb: str, address: str) -> Any:
    bearer = f"Bearer {issue_tokens(user)['access']}"
    return getattr(Client(), verb)(f"/api/jobs/{address}", headers={"Authorization": bearer})


def test_a_job_is_listed_read_and_cancelled_by_its_owner(
    users: dict[str, User], their_job: Job
) -> None:
    listed = _call(users["owner"], "get", "").json()
    assert [(each["id"], each["state"]) for each in listed["items"]] == [(their_job.pk, "PENDING")]
    read = _call(users["owner"], "get", f"{their_job.pk}/").json()
    assert (read["total"], read["fraction"], read["created_by_name"]) == (3, 0.0, "owner")
    cancelled = _call(users["owner"], "post", f"{their_job.pk}/cancel/")
    assert cancelled.json()["state"] == "CANCELLED"
    again = _call(users["owner"], "post", f"{their_job.pk}/cancel/")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/job-over")
    retried = _call(users["owner"], "post", f"{their_job.pk}/retry/")
    assert retried.json()["state"] == "STARTED"


def test_failures_are_told(users: dict[str, User], their_job: Job) -> None:
    ledger = DatabaseLedger()
    held, _ = ledger.claim(["lab"], "w", 2)
    failures = [ItemFailure("a", "failed", "locked")]
    ledger.finish(held, Outcome(done=1, failed=1, failures=failures))
    told = _call(users["owner"], "get", f"{their_job.pk}/failures/").json()
    assert told["items"] == [{"item": "a", "category": "failed", "reason": "locked"}]


def test_who_may_read_tasks_at_the_root_sees_all_jobs_and_changes_none(
    users: dict[str, User], their_job: Job
) -> None:
    assert len(_call(users["boss"], "get", "").json()["items"]) == 1
    assert _call(users["boss"], "get", f"{their_job.pk}/").status_code == 200
    assert _call(users["boss"], "post", f"{their_job.pk}/cancel/").status_code == 403


@pytest.mark.parametrize(
    ("verb", "rest"),
    [("get", ""), ("get", "failures/"), ("post", "cancel/"), ("post", "retry/")],
)
def test_to_a_stranger_it_looks_absent(
    users: dict[str, User], their_job: Job, verb: str, rest: str
) -> None:
    assert _call(users["stranger"], "get", "").json()["items"] == []
    assert _call(users["stranger"], verb, f"{their_job.pk}/{rest}").status_code == 404
    assert getattr(Client(), verb)(f"/api/jobs/{their_job.pk}/{rest}").status_code == 401


def test_a_foreign_cursor_and_an_impossible_state_are_refused(users: dict[str, User]) -> None:
    assert _call(users["owner"], "get", "?after=nonsense").status_code == 400
    assert _call(users["owner"], "get", "?state=ASLEEP").status_code == 400
    assert _call(users["owner"], "get", "99999999999999999999999/").status_code == 404
