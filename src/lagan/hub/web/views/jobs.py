"""The list of jobs, one job as it goes on, what became of its paths, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import marks, queries, services
from lagan.hub.web import joblists, jobpages
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound


@require_safe
@signed_in
def job_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The jobs that the visitor may see, with their summary; its live part alone for htmx."""
    found = joblists.asking(request)
    context = joblists.job_list(actor, found)
    if is_part(request):
        return render(request, "web/parts/jobs.html", context)
    context |= joblists.choices(actor, found, context["stats"])
    return render(request, "web/pages/jobs.html", context)


@require_safe
@signed_in
def job(request: HttpRequest, actor: Actor, job: int) -> HttpResponse:
    """One job; its live part alone for htmx."""
    mark = marks.digest(marks.of_job(actor, job))
    row = queries.job(actor, job)
    context = {
        "live": mark,
        "row": row,
        "people": joblists.people(actor, [row]),
        "acts": jobpages.acts(actor, row),
        **jobpages.tasks(request, actor, row),
    }
    return render(request, _template(request, "job"), context)


@require_safe
@signed_in
def items(request: HttpRequest, actor: Actor, job: int) -> HttpResponse:
    """The paths of a job of one category, with the reasons of those that were not done: a page, or
    what a dialog shows of it."""
    category = asked(request, "category")
    if category.partition(".")[0] not in jobpages.CATEGORIES:
        raise BadInput("No paths are kept as that.", field="category")
    context = {
        "row": queries.job(actor, job),
        **jobpages.items(actor, job, category, asked(request, "after")),
    }
    return dialog_or_page(request, "job_items", context)


@require_safe
@signed_in
def task(request: HttpRequest, actor: Actor, job: int, task: int) -> HttpResponse:
    """One task: where and how often it ran, its paths, its result."""
    row = queries.job(actor, job)
    context = {"row": row, **jobpages.task(actor, row, task)}
    return dialog_or_page(request, "job_task", context)


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, job: int, verb: str) -> HttpResponse:
    """One of the acts on a job, said on its page; a repetition leads to the new job."""
    if verb not in ACTS:
        raise NotFound("There is no such page.")
    do, said, then = ACTS[verb]
    try:
        made = do(job=job, by=actor)
    except LaganError as refusal:
        if refusal.status == 404:
            raise
        messages.error(request, refusal.sentence)
        return redirect(f"/jobs/{job}/")
    messages.success(request, str(said))
    return redirect(then or f"/jobs/{made.pk}/")


ACTS: dict[str, tuple[Callable[..., Any], str | Promise, str]] = {
    "cancel": (services.cancel, gettext_lazy("The job is being cancelled."), ""),
    "pause": (services.pause, gettext_lazy("Nothing more of the job is begun."), ""),
    "resume": (services.resume, gettext_lazy("The job goes on."), ""),
    "retry": (services.retry, gettext_lazy("What failed runs again."), ""),
    "resubmit": (services.resubmit, gettext_lazy("This is the repetition of the job."), ""),
    "delete": (services.delete, gettext_lazy("The job is deleted."), "/jobs/"),
}


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def dialog_or_page(
    request: HttpRequest, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The part in a page of its own, or alone for the page's dialog."""
    if not is_part(request):
        context = {**context, "part": f"web/parts/{name}.html"}
        return render(request, "web/pages/dialog.html", context, status=status)
    response = render(request, f"web/parts/{name}.html", context, status=status)
    response["X-Part"] = "dialog"
    return response


def _template(request: HttpRequest, name: str) -> str:
    return f"web/{'parts' if is_part(request) else 'pages'}/{name}.html"
