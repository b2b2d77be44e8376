"""From a policy to a job, and from the job's end to what the policy's run reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lagan.hsm.policy.definition import PREMIGRATE
from lagan.hsm.policy.definition import Policy as Definition
from lagan.hub.accounts.queries import user_of
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import queries as jobs
from lagan.hub.jobs.rules import OPEN_JOBS
from lagan.hub.jobs.services import Stage, Submission, start
from lagan.hub.jobs.site_rights import require_administer
from lagan.hub.policies import queries
from lagan.hub.policies.errors import PolicyRuns
from lagan.hub.policies.models import Policy, Run
from lagan.hub.policies.rules import Cause
from lagan.kit.errors import Forbidden, NotFound, Unavailable

KIND, DRY_KIND = "policy", "policy-report"
"""Of the jobs."""
DISCOVERY, LOOK, MOVE = "policy", "hsm.policy", "hsm.migrate"
"""The walk and the steps; see `lagan.worker.site.policies`."""
KEPT = 200
"""Runs of a policy that are remembered, and as many looks."""
CREDENTIAL = "schedule"
"""How an actor signed in whose policy runs by itself."""


def begin(row: Policy, by: Actor, cause: Cause, dry: bool) -> Run:
    """Start a policy's job within the transaction that holds the policy's row. PolicyRuns while
    the last one goes on; Unavailable when the site's folders are not known."""
    settle_open(row)
    try:
        with transaction.atomic():
            run = Run.objects.create(policy=row, dry=dry, cause=cause, by_name=by.name)
    except IntegrityError:
        what = "dry run" if dry else "run"
        raise PolicyRuns(f"The last {what} of this policy still goes on.", policy=row.pk) from None
    job = start(submission=submission_of(row, dry), by=by)
    run.job = job.pk
    run.save(update_fields=["job"])
    _forget_old(row, dry)
    facts = {"policy": row.pk, "title": row.title, "job": job.pk, "cause": str(cause), "dry": dry}
    record(kind=Kind.POLICY_RUN, by=by, data=facts)
    return run


def owner_of(row: Policy) -> Actor:
    """As whom a policy runs by itself. Forbidden when that person may not any more."""
    by = Actor(row.created_by, row.created_by_name, CREDENTIAL)
    if not user_of(by).is_active:
        raise Forbidden(f"{row.created_by_name}, as whom this runs, may not sign in any more.")
    require_administer(by)
    return by


def submission_of(row: Policy, dry: bool) -> Submission:
    """The job's work."""
    policy, site = queries.definition(row), row.site.name
    paths = policy.paths or queries.roots(site)
    if not paths:
        raise Unavailable(
            f"No worker of the site {site} is there to say which folders it has.", site=site
        )
    if dry:
        stage = Stage(LOOK, site, {"policy": policy.as_json()})
        return _submission(row, DRY_KIND, paths, stage, None, {})
    stage = Stage(MOVE, site, arguments(policy))
    return _submission(row, KIND, paths, stage, DISCOVERY, policy.as_json())


def arguments(policy: Definition) -> dict[str, Any]:
    """Those of the migrating tasks."""
    return {
        "premigrate": policy.action == PREMIGRATE,
        "stub_size": policy.stub_size,
        "overwrite": False,
        "target": policy.target,
        "even_pinned": False,
        "until": policy.low,
    }


def settle_open(row: Policy) -> None:
    """Finish those of a policy's runs whose jobs have ended, or are gone."""
    for run in Run.objects.filter(policy=row, finished=None).exclude(job=None):
        settle(run)


def settle_jobs(ids: Sequence[int]) -> None:
    """Finish the runs whose jobs these are; again is harmless."""
    for run in Run.objects.filter(job__in=ids, finished=None):
        settle(run)


def settle(run: Run) -> None:
    """Finish a run whose job has ended, with what the job's walk reported."""
    state, moved, report = "", 0, None
    try:
        job = jobs.job(SYSTEM, int(run.job or 0))
        if job.state in OPEN_JOBS:
            return
        state, moved = str(job.state), 0 if run.dry else job.processed
        tasks = jobs.tasks(SYSTEM, job.id, size=1).items
        report = tasks[0].result if tasks and "left_out" in tasks[0].result else None
    except NotFound:  # jobs are forgotten after some months
        pass
    ended = {"finished": timezone.now(), "state": state, "moved": moved, "report": report}
    Run.objects.filter(pk=run.pk, finished=None).update(**ended)


def _forget_old(row: Policy, dry: bool) -> None:
    old = Run.objects.filter(policy=row, dry=dry).order_by("-id").values_list("id", flat=True)
    Run.objects.filter(pk__in=list(old[KEPT:])).delete()


def _submission(
    row: Policy,
    kind: str,
    paths: Sequence[str],
    stage: Stage,
    discovery: str | None,
    filters: dict[str, Any],
) -> Submission:
    return Submission(
        kind=kind,
        title=row.title,
        site=row.site.name,
        paths=list(paths),
        stages=[stage],
        discovery=discovery,
        filters=filters,
    )
