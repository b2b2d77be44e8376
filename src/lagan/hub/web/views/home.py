"""Home: what needs the visitor, and what moved."""

from __future__ import annotations

from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.accounts.queries import user_of
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.instruments import needing
from lagan.hub.jobs import marks
from lagan.hub.jobs import queries as jobs
from lagan.hub.jobs.queries import JobRow
from lagan.hub.tree import browsing
from lagan.hub.tree.permissions import Permission
from lagan.hub.web import entities
from lagan.hub.web.entities import Line
from lagan.hub.web.views.archive import damaged_lines
from lagan.hub.web.visitor import signed_in

SHOWN = 5
"""Lines of each list; the full lists are one click away."""


@require_safe
@signed_in
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Damaged files, instruments and failed jobs first, then recent datasets and what is running;
    and where the visitor may make datasets, and which groups are theirs."""
    context = {
        "live": marks.digest(marks.of_jobs(actor)),
        "greeting": user_of(actor).get_full_name(),
        "damaged": damaged_lines(datasets.damaged(actor, size=SHOWN).items),
        "failed": _jobs(actor, "ERROR", "FAILURE"),
        "needing": needing.needing(actor, size=SHOWN),
        "datasets": datasets.visible(actor, size=SHOWN).items,
        "running": _jobs(actor, "STARTED", "PENDING"),
        **_places(actor),
    }
    return render(request, "web/pages/home.html", context)


def _places(actor: Actor) -> dict[str, list[Line]]:
    """The groups in which the visitor may make datasets, and those that they are a member of."""
    may = browsing.starts(actor, Permission.DATASET_CREATE)
    mine = browsing.memberships(actor)
    paths = browsing.names_of([*may, *mine])
    return {
        name: [entities.line(each, path=entities.place(paths[each.id])) for each in nodes]
        for name, nodes in (("creatable", may), ("mine", mine))
    }


@require_safe
@signed_in
def running(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The running jobs alone, which home asks for again when it hears of a change."""
    mark = marks.digest(marks.of_jobs(actor))
    context = {"live": mark, "running": _jobs(actor, "STARTED", "PENDING")}
    return render(request, "web/parts/running.html", context)


def _jobs(actor: Actor, *states: str) -> list[JobRow]:
    found = (job for state in states for job in jobs.visible(actor, state=state, size=SHOWN).items)
    return list(islice(found, SHOWN))
