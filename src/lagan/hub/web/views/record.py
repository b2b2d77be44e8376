"""The record of events as the visitor sees it, with filters and downloads; certificates of
datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow, canonical
from lagan.hub.base.actors import Actor
from lagan.hub.evidence import queries
from lagan.hub.evidence.api import certificate_answer
from lagan.hub.evidence.certificate import make_certificate
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in

FILTERS = ("who", "kind", "subject", "since", "until", "result")
HERE = "/audit/"
SIZE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An event with its data as text."""

    row: EventRow
    data: str


@require_safe
@signed_in
def record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Events, the newest first."""
    given = {name: asked(request, name).strip() for name in FILTERS}
    after = asked(request, "after")
    page = queries.events(actor, audit.asked(given), after=after or None, size=SIZE)
    kept = {name: value for name, value in given.items() if value}
    context = {
        "lines": [Line(row, canonical(row.data) if row.data else "") for row in page.items],
        "given": given,
        "kinds": _kinds(),
        "export": _address("/api/audit/export/", kept),
        "premis": _address("/api/audit/premis.xml", kept),
        **presented.turning(HERE, after, page.next, **kept),
    }
    return render(request, "web/pages/record.html", context)


@require_POST
@signed_in
def certify(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """A certificate of what is kept of the dataset, as a download."""
    made = make_certificate(by=actor, kind="dataset", id=dataset)
    return certificate_answer(made, "json" if request.POST.get("form") == "json" else "pdf")


def _kinds() -> list[tuple[str, list[str]]]:
    """The kinds of events by the thing that they are about."""
    names = sorted(each.value for each in Kind)
    by_thing = groupby(names, lambda name: f"{name.partition('.')[0]}.")
    return [(thing, list(some)) for thing, some in by_thing]


def _address(path: str, kept: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(kept)}" if kept else path
