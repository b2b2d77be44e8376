"""A job as its page shows it: what may be done to it, its tasks, what became of its paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import paging, queries
from lagan.hub.jobs.queries import JobRow
from lagan.hub.jobs.rules import OPEN_JOBS, JobState
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked
from lagan.kit.errors import BadInput, NotFound

TASKS, ITEMS = 50, 100
"""Rows of a page."""
CATEGORIES: Mapping[str, str | Promise] = {
    "": _("All paths"),
    "processed": _("Processed paths"),
    "skipped": _("Skipped paths"),
    "failed": _("Failed paths"),
    "running": _("Paths being worked on"),
    "waiting": _("Waiting paths"),
}
COLUMNS: Mapping[str, tuple[str, str | Promise]] = {
    "task": ("id", _("Task")),
    "step": ("step", _("Step")),
    "site": ("site", _("Site")),
    "state": ("state", _("State")),
    "items": ("item_count", _("Items")),
    "failed": ("failed_items", _("Failed")),
    "worker": ("worker", _("Worker")),
    "attempts": ("attempt", _("Attempts")),
}


@dataclass(frozen=True, slots=True)
class Acts:
    """What the visitor may do to a job as it is."""

    pause: bool = False
    resume: bool = False
    cancel: bool = False
    retry: bool = False
    resubmit: bool = False
    delete: bool = False


def acts(actor: Actor, row: JobRow) -> Acts:
    """Nothing for a job that the visitor may only see; else what its state allows."""
    if not paging.may_change(actor, row):
        return Acts()
    if row.state in OPEN_JOBS:
        return Acts(pause=row.paused is None, resume=row.paused is not None, cancel=True)
    again = row.state in (JobState.FAILURE, JobState.ERROR, JobState.CANCELLED)
    return Acts(
        retry=again and not row.outside,
        resubmit=row.repeatable,
        delete=True,
    )


def tasks(request: HttpRequest, actor: Actor, row: JobRow) -> dict[str, Any]:
    """A page of its tasks, sorted as the address says."""
    after, sort = asked(request, "tasks"), asked(request, "sort")
    name = sort.lstrip("-")
    if sort and name not in COLUMNS:
        raise BadInput("Tasks are not sorted by that.", field="sort")
    key = COLUMNS[name or "task"][0]
    page = paging.tasks(actor, row.id, f"-{key}" if sort.startswith("-") else key, after, TASKS)
    here = f"/jobs/{row.id}/"
    following = page.next and presented.addressed(here, sort=sort, tasks=page.next)
    return {
        "tasks": page.items,
        "more_tasks": following,
        "first_tasks": presented.addressed(here, sort=sort) if after else None,
        "heads": [_head(here, each, words, sort) for each, (_key, words) in COLUMNS.items()],
    }


def items(actor: Actor, job: int, category: str, after: str) -> dict[str, Any]:
    """A page of its paths of one category."""
    page = queries.item_outcomes(actor, job, category or None, after=after or None, size=ITEMS)
    here = f"/jobs/{job}/items/"
    following = page.next and presented.addressed(here, category=category, after=page.next)
    return {
        "outcomes": page.items,
        "category": category,
        "heading": CATEGORIES[category.partition(".")[0]],
        "more_items": following,
        "first_items": presented.addressed(here, category=category) if after else None,
        "reasons": _finer(queries.categories(actor, job), category.partition(".")[0], job),
    }


def _finer(counts: Mapping[str, int], state: str, job: int) -> list[tuple[str, int, str]]:
    """The categories within a state that have paths, with the list of each."""
    return [
        (name, number, presented.addressed(f"/jobs/{job}/items/", category=name))
        for name, number in counts.items()
        if number and name.startswith(f"{state}.")
    ]


def task(actor: Actor, row: JobRow, id: int) -> dict[str, Any]:
    """One of its tasks, with the first of its paths and what went wrong."""
    found = queries.task(actor, id)
    if found.job != row.id:
        raise NotFound(f"Job {row.id} has no task {id}.")
    told = paging.task_items(actor, id, ITEMS)
    result = json.dumps(found.result, indent=2, sort_keys=True) if found.result else ""
    return {"task": found, "result": result, **told}


def _head(here: str, name: str, words: str | Promise, sort: str) -> dict[str, Any]:
    up, down = (sort or "task") == name, sort == f"-{name}"
    return {
        "words": words,
        "address": presented.addressed(here, sort=f"-{name}" if up else name),
        "sorted": "ascending" if up else "descending" if down else "",
    }
