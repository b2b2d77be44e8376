"""The browser of all sites' filesystems: recent jobs, the tree, and running a workflow on what was
picked, after a confirmation that says on what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.browsing import Folder, folder
from lagan.hub.jobs.site_rights import require_browse
from lagan.hub.jobs.workflows import queries as workflows
from lagan.hub.jobs.workflows import services
from lagan.hub.web import browsing, joblists, names, running
from lagan.hub.web.views.jobs import dialog_or_page, is_part
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError

RECENT = 5
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,6}")


@require_safe
@signed_in
def browse(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The five newest jobs, the sites; with `site` and `path` what is in that folder, which a
    script opens in place."""
    site = asked(request, "site")
    context: dict[str, Any] = {
        **joblists.recent(actor, RECENT),
        "sites": browsing.site_lines(actor),
        "workflows": running.offered(),
        "hidden": asked(request, "hidden") == "1",
        "site": site,
    }
    if site:
        context |= _folder(request, actor, site)
    return render(request, "web/pages/browse.html", context)


@require_safe
@signed_in
def recent(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The newest jobs alone."""
    return render(request, "web/parts/recent_jobs.html", joblists.recent(actor, RECENT))


@require_POST
@signed_in
def confirm(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What would be run on what, with the workflow's fields, for a confirmation."""
    return _confirmation(request, actor, {})


@require_POST
@signed_in
def run(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Run it; reasons against it stand beside what they are about."""
    row = running.workflow(request.POST.get("workflow", ""))
    site = request.POST.get("site", "")
    try:
        picked = _picked(request)
        job = services.run_workflow(
            by=actor,
            workflow=row.name,
            site=site,
            paths=picked.paths,
            discovery=running.discovery(request.POST, picked),
            fields=running.values(request.POST, row),
            filters=running.filters(request.POST, picked),
        )
    except LaganError as refusal:
        return _confirmation(request, actor, running.reasons(refusal), refusal.status)
    said = _("Job %(job)s: %(workflow)s has begun.") % {"job": job.pk, "workflow": row.label}
    if is_part(request):
        done = HttpResponse(said, content_type="text/plain; charset=utf-8")
        done["X-Done"] = "1"
        return done
    messages.success(request, said)
    return redirect(browsing.folder_address(site))


@require_safe
@signed_in
def file_states(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The colours of file states as a style sheet: a page may hold no style of its own."""
    rules = "".join(map(_rule, workflows.status_types()))
    return HttpResponse(rules, content_type="text/css; charset=utf-8")


def _rule(row: Any) -> str:
    colours = row.background_color, row.text_color
    if not all(_COLOUR.fullmatch(each) for each in colours):
        return ""
    return f".file-state-{slugify(row.key)} {{ background: {colours[0]}; color: {colours[1]}; }}\n"


def _confirmation(
    request: HttpRequest, actor: Actor, reasons: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    picked = _picked(request)
    row = running.workflow(request.POST.get("workflow", ""))
    site = request.POST.get("site", "")
    require_browse(actor, site)
    texts = browsing.texts(request.POST.getlist("pick"), request.POST.get("paths", ""))
    context = {
        "heading": row.label,
        "workflow": row,
        "site": site,
        "picked": picked,
        "paths": json.dumps(texts),
        "shown_folders": [names.readable(each) for each in picked.folders[: running.SHOWN]],
        "shown_files": [names.readable(each) for each in picked.files[: running.SHOWN]],
        "more_folders": max(len(picked.folders) - running.SHOWN, 0),
        "more_files": max(len(picked.files) - running.SHOWN, 0),
        "fields": running.form_fields(actor, row, request.POST),
        "given": request.POST,
        "reasons": reasons,
        "walks": bool(picked.folders),
        "discoveries": running.discoveries(request.POST, picked),
    }
    return dialog_or_page(request, "browse_confirm", context, status)


def _picked(request: HttpRequest) -> browsing.Picked:
    given = request.POST.getlist("pick"), request.POST.get("paths", "")
    return browsing.picked(browsing.texts(*given))


def _folder(request: HttpRequest, actor: Actor, site: str) -> dict[str, Any]:
    """What is in the folder that the address names; a refusal of the site in words."""
    require_browse(actor, site)
    text = asked(request, "path")
    path, after = names.uncarried(text) if text else "", asked(request, "after")
    hidden = asked(request, "hidden") == "1"
    refused, found = "", Folder(site, path, [], None)
    try:
        found = folder(
            actor=actor, site=site, path=path, details=True, hidden=hidden,
            after=after or None, size=browsing.SIZE,
        )  # fmt: skip
    except LaganError as refusal:
        refused = refusal.sentence
    more = {"hidden": "1" if hidden else ""}
    following = found.next
    return {
        "lines": browsing.lines(site, found.entries),
        "level": 2,
        "refused": refused,
        "way": browsing.way(site, path),
        "more_entries": following and browsing.folder_address(site, path, after=following, **more),
        "labels": {row.key: row.label for row in workflows.status_types()},
        "hide_address": browsing.folder_address(site, path),
        "show_address": browsing.folder_address(site, path, hidden="1"),
    }
