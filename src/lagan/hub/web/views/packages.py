"""The packages of a group, one package, and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.evidence import queries as evidence
from lagan.hub.jobs.marks import digest
from lagan.hub.packages import queries
from lagan.hub.packages.queries import KEPT, UNJUDGED, WENT_WRONG, PackageEvent, PackageRow, Status
from lagan.hub.tree import queries as tree
from lagan.hub.web import attention, groupcontext, packagewords, pairs, presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput

SIZE = 50
"""Packages or events on a page."""
FEW = 20
"""Events on the page of a package."""
HERE = "/packages/"
AUDITS = "/packages/audits/"


@require_safe
@signed_in
def package_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The packages of a group, or of all, the newest first; those with a word in their metadata."""
    if (back := groupcontext.remembered(request, actor)) is not None:
        return back
    context, text = groupcontext.chosen(request, actor), asked(request, "text").strip()
    before = _before(request)
    if text:
        found = queries.search(actor, text, context.id, before=before, size=SIZE + 1)
    else:
        found = queries.packages(actor, context.id, before=before, size=SIZE + 1)
    following = str(found[SIZE - 1].id) if len(found) > SIZE else None
    paths = {} if context.group else tree.full_path({each.group for each in found})
    shown = {
        "context": context,
        "text": text,
        "rows": [(each, paths.get(each.group, "")) for each in found[:SIZE]],
        "deposit": presented.addressed("/packages/deposit/", group=context.id),
        "audits": presented.addressed(AUDITS, group=context.word),
        **presented.turning(
            HERE, asked(request, "after"), following, group=context.word, text=text
        ),
    }
    return context.remember(request, render(request, "web/pages/packages.html", shown))


@require_safe
@signed_in
def package(request: HttpRequest, actor: Actor, package: int) -> HttpResponse:
    """One package with all that is known of it; the part that changes alone for htmx."""
    row = queries.package(actor, package)
    may = tree.permissions_on(actor, package)
    lines = _events(actor, row) if "DATASET_LOG_READ" in may else []
    before, after = queries.neighbours(actor, row)
    healths = archive.health([row.stored]) if row.stored else {}
    context = {
        "package": row,
        "state": "removed" if row.removed_at else f"package-{row.status}",
        "group": tree.full_path([row.group])[row.group],
        "live": digest(queries.mark(actor, package)),
        "stages": [] if row.removed_at else packagewords.stages(row.status),
        "errors": packagewords.errors_of(row, lines),
        "lines": lines,
        "more": presented.addressed(AUDITS, group=row.group),
        "before": before,
        "after": after,
        "health": presented.health(healths.get(row.stored)) if row.stored else None,
        "may_read_metadata": "DATASET_METADATA_READ" in may,
        "may_read_log": "DATASET_LOG_READ" in may,
        "pairs": pairs.shown(row.user_metadata),
        "history": pairs.history(row.previous_metadata),
        **_acts(row, "DATASET_CHANGE" in may),
    }
    part = request.headers.get("HX-Request") == "true"
    page = "web/parts/package.html" if part else "web/pages/package.html"
    return render(request, page, context)


@require_safe
@signed_in
def audits(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What was done to the packages of a group, or of all, the newest first."""
    if (back := groupcontext.remembered(request, actor)) is not None:
        return back
    context, kind = groupcontext.chosen(request, actor), asked(request, "kind")
    if kind not in dict(packagewords.FILTERS):
        raise BadInput("There is no such kind of event.", field="kind")
    wrong = kind == packagewords.ATTENTION
    found = queries.events_in(
        actor, context.id, before=_before(request), size=SIZE + 1,
        kinds=queries.KINDS if wrong or not kind else [kind],
        results=WENT_WRONG if wrong else (),
    )  # fmt: skip
    following = str(found[SIZE - 1].event.id) if len(found) > SIZE else None
    shown = {
        "context": context,
        "lines": _lines(found[:SIZE]),
        "kinds": [
            presented.Choice(
                words, presented.addressed(AUDITS, group=context.word, kind=value), value == kind
            )
            for value, words in packagewords.FILTERS
        ],
        "kind": kind,
        "packages": presented.addressed(HERE, group=context.word),
        **presented.turning(
            AUDITS, asked(request, "after"), following, group=context.word, kind=kind
        ),
    }
    answer = context.remember(request, render(request, "web/pages/package_audits.html", shown))
    attention.hush(request, answer, actor)
    return answer


def _acts(row: PackageRow, may_change: bool) -> dict[str, Any]:
    """What the visitor may do to it now."""
    kept = row.status in KEPT and row.removed_at is None
    entries = datasets.entries_at(row.id, [row.file_name]) if row.status == Status.NEW else {}
    return {
        "kept": kept,
        "ready": kept and row.status == Status.DOWNLOAD_READY,
        "preparing": kept and row.status == Status.DOWNLOAD_PREPARING,
        "moving": row.status in UNJUDGED,
        "awaited": row.status == Status.NEW and not entries and may_change,
        "editable": may_change and row.removed_at is None,
        "followable": may_change and kept and row.next_version is None,
        "certified": kept and evidence.certifies("package"),
        "facts": row.facts if kept else {},
    }


def _events(actor: Actor, row: PackageRow) -> list[packagewords.EventLine]:
    return _lines(queries.events(actor, row.id, size=FEW))


def _lines(events: Sequence[PackageEvent]) -> list[packagewords.EventLine]:
    return [packagewords.event_line(each) for each in events]


def _before(request: HttpRequest) -> int | None:
    """The key below which the page begins."""
    text = asked(request, "after")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("after is the number of the last that was shown.", field="after")
    return int(text)
