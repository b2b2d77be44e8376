"""One dataset's files and log, and closing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.access import queries as access
from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import queries, quotas, services
from lagan.hub.jobs import queries as jobs
from lagan.hub.packages import queries as packages
from lagan.hub.tree import queries as tree
from lagan.hub.web import drawn, presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError, NotFound

FILES = 200
"""Files and folders on a page of a folder."""


@require_safe
@signed_in
def files(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """What lies in one folder of a dataset, with digests, copies and when they were last
    verified."""
    folder, after = asked(request, "folder").strip("/"), asked(request, "after")
    head = _head(actor, dataset, "files")
    start, text = asked(request, "start"), asked(request, "text").strip()
    page = queries.folder(actor, dataset, folder=folder, after=after, start=start, text=text)
    if folder and not page.items and not (after or start or text):
        raise NotFound("The dataset has no such folder.", dataset=dataset, folder=folder)
    healths = archive.health([item.stored for item in page.items if item.stored])
    context = {
        **head,
        "lines": [
            presented.file_line(
                dataset,
                item,
                healths.get(item.stored) if item.stored else None,
                icon=drawn.kind_icon(access.by_name(item.name)),
                thumb=access.has_thumb(item.name, item.size),
            )
            for item in page.items
        ],
        "folders": presented.crumbs(dataset, folder),
        "any_removed": bool(queries.removed(actor, dataset, size=1).items),
        "folder": folder,
        "start": start,
        "text": text,
        "several": bool(page.next or after or start or text),
        "further": bool(text and page.next and len(page.items) < FILES),
        **presented.turning(
            f"/datasets/{dataset}/", after or start, page.next, folder=folder, text=text
        ),
    }
    return render(request, "web/pages/files.html", context)


@require_safe
@signed_in
def removed(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Files that were taken off their paths, each leading to its page with its versions."""
    after = asked(request, "after")
    head = _head(actor, dataset, "removed")
    page = queries.removed(actor, dataset, after=after, size=FILES)
    lines = [
        {"row": each, "page": presented.file_address(dataset, each.path)} for each in page.items
    ]
    turning = presented.turning(f"/datasets/{dataset}/removed/", after, page.next)
    return render(request, "web/pages/removed.html", {**head, "lines": lines, **turning})


@require_safe
@signed_in
def log(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """The dataset's log from a level on, newest first; its lines alone for htmx, which asks again
    every few seconds while the dataset is open."""
    after, level = asked(request, "after"), asked(request, "level") or "INFO"
    here = f"/datasets/{dataset}/log/"
    page = queries.log(actor, dataset, level=level, after=after)
    context = {
        "page": page,
        "live": queries.dataset(actor, dataset).state == "open" and not after,
        "here": presented.addressed(here, level=level, after=after),
        **presented.turning(here, after, page.next, level=level),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/parts/log.html", context)
    levels = [
        presented.Choice(words, presented.addressed(here, level=value), value == level.upper())
        for value, words in presented.LOG_LEVELS
    ]
    head = _head(actor, dataset, "log")
    return render(request, "web/pages/log.html", {**head, "levels": levels, **context})


@require_POST
@signed_in
def close(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Close it, and say so on its page."""
    try:
        services.close_dataset(by=actor, dataset=dataset)
        messages.success(request, _("The dataset is closed."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/datasets/{dataset}/")


def _head(actor: Actor, dataset: int, part: str) -> dict[str, Any]:
    """What every tab of a dataset shows above its own part."""
    row = queries.dataset(actor, dataset)
    may = tree.permissions_on(actor, dataset)
    return {
        "dataset": row,
        "part": part,
        "closable": row.state == "open" and "DATASET_CLOSE" in may,
        "deletable": row.state != "removed" and "DATASET_DELETE" in may,
        "restorable": row.state == "removed" and services.may_restore(actor),
        "retryable": _retryable(actor, row) and "DATASET_CHANGE" in may,
        "acquire": _acquire(actor, row),
        # A package has one file, or none yet.
        "packaged": row.file_count < 2 and bool(packages.of_dataset([dataset])),
        "data": "present" if row.file_count and row.state != "removed" else "absent",
        "may_read_log": "DATASET_LOG_READ" in may,
        "may_read_metadata": "DATASET_METADATA_READ" in may,
        "may_share": not may.isdisjoint({"DATASET_PERM_SET", "DATASET_PUBLISH"}),
        "pressing": quotas.pressing(dataset),
    }


def _acquire(actor: Actor, row: queries.DatasetRow) -> jobs.JobRow | None:
    """The job that fetches it, as far as the visitor may see it and it is still known."""
    if row.acquire_job is None:
        return None
    try:
        return jobs.job(actor, row.acquire_job)
    except NotFound:
        return None


def _retryable(actor: Actor, row: queries.DatasetRow) -> bool:
    """Whether an automated dataset stands open and nothing fetches it."""
    if row.type != "automated" or row.state != "open":
        return False
    job = _acquire(SYSTEM, row)
    return job is None or job.state not in ("PENDING", "STARTED")
