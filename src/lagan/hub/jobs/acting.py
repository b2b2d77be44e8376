"""What a worker may do at the hub for whoever started a job."""

from __future__ import annotations

from lagan.hub.accounts.services import access_token_of
from lagan.hub.jobs.models import Task
from lagan.hub.jobs.rules import TaskState
from lagan.kit.errors import Forbidden
from lagan.worker.catalogue import BY_NAME
from lagan.worker.ledger import Claimed


def token_for(claimed: Claimed) -> str:
    """An access token of the person who started the job; Forbidden unless `claimed` is held and its
    step acts for that person."""
    row = (
        Task.objects.select_related("job")
        .filter(pk=claimed.id, attempt=claimed.attempt, state=TaskState.RUNNING)
        .first()
    )
    step = BY_NAME.get(row.step) if row else None
    if row is None or step is None or not step.as_owner or row.job.created_by is None:
        raise Forbidden("This task does not act for anybody.", task=claimed.id)
    return access_token_of(row.job.created_by)
