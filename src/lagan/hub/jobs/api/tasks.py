"""Tasks over HTTP, as documented."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from lagan.hub.base.actors import Actor
from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered
from lagan.hub.jobs import packing
from lagan.hub.jobs.api.bodies import NumberedOut, json_answer
from lagan.hub.jobs.api.states import meant, said
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import TaskState
from lagan.hub.jobs.visibility import may_see_all, seen_by
from lagan.kit.errors import NotFound
from lagan.worker.catalogue import BY_NAME

router = Router(tags=["tasks"])
_HEAVY = ("items", "failures", "args", "result")


class TaskOut(Schema):
    """A task: `tasktype` is the step that it runs on its paths."""

    job: int
    state: str
    taskid: str
    tasktype: str
    url: str


class TasksOut(NumberedOut):
    """A numbered page of tasks."""

    results: list[TaskOut]


class TaskWhole(TaskOut):
    """A task with its paths, and in `results` what became of them: `failed` and `skipped` with
    `path`, `category` and `reason`, `result` of the step, and the `error` that ended it."""

    numfiles: int
    numprocessedfiles: int
    numskippedfiles: int
    numfailedfiles: int
    paths: list[str]
    results: dict[str, Any]


@router.get("", response=TasksOut)
def list_tasks(
    request: HttpRequest, tasktype: str = "", state: str = "", job: int | None = None
) -> Any:
    """The tasks of the jobs that the asker may see, the newest first."""
    rows = _visible(asker(request)).defer(*_HEAVY)
    if tasktype:
        step = BY_NAME.get(tasktype)
        rows = rows.filter(step__in={tasktype, step.name if step else tasktype})
    if state:
        rows = rows.filter(meant(state))
    if job is not None:
        rows = rows.filter(job=job) if abs(job) < 2**63 else rows.none()
    return numbered(request, rows.order_by("-id"), lambda row: _listed(request, row))


@router.get("{taskid}/", response=TaskWhole)
def show_task(request: HttpRequest, taskid: str) -> HttpResponse:
    """One task with what became of its paths."""
    return json_answer(_whole(request, _found(asker(request), taskid)))


def _visible(actor: Actor) -> QuerySet[Task]:
    """What a walk found and did not vouch for yet is nobody's."""
    tasks = Task.objects.exclude(state=TaskState.FOUND)
    if may_see_all(actor):
        return tasks
    return tasks.filter(job__in=Job.objects.filter(seen_by(actor)))


def _found(actor: Actor, taskid: str) -> Task:
    known = taskid.isascii() and taskid.isdigit() and len(taskid) < 19
    row = _visible(actor).filter(pk=int(taskid)).first() if known else None
    if row is None:
        raise NotFound(f"There is no task {taskid[:50]}.", taskid=taskid[:50])
    return row


def _listed(request: HttpRequest, row: Task) -> dict[str, Any]:
    return {
        "job": row.job_id,
        "state": said(row.state, row.failed_items),
        "taskid": str(row.pk),
        "tasktype": row.step,
        "url": request.build_absolute_uri(f"/api/tasks/{row.pk}/"),
    }


def _whole(request: HttpRequest, row: Task) -> dict[str, Any]:
    return {
        **_listed(request, row),
        "numfiles": row.item_count,
        "numprocessedfiles": row.done_items,
        "numskippedfiles": row.skipped_items,
        "numfailedfiles": row.failed_items,
        "paths": packing.unpack_items(row.items),
        "results": _results(row),
    }


def _results(row: Task) -> dict[str, Any]:
    """What was not done with each reason; a task that could not be run to its end has one for all
    of its paths."""
    told: dict[str, Any] = {"failed": [], "skipped": [], "result": row.result, "error": row.error}
    for each in packing.unpack_failures(row.failures):
        kind = "skipped" if each.category.startswith("skipped") else "failed"
        outcome = {"path": each.item, "category": each.category, "reason": each.reason}
        told[kind].append(outcome)
    if row.state == TaskState.FAILED and not told["failed"]:
        paths = packing.unpack_items(row.items)
        told["failed"] = [
            {"path": path, "category": "failed", "reason": row.error} for path in paths
        ]
    return told
