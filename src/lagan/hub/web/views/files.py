"""One file of a dataset: its facts, its copies, its versions, a preview; bringing versions back and
taking the file off its path."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NotYet
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.access import queries as access
from lagan.hub.access.queries import Drawn, Preview
from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries, services
from lagan.hub.datasets.queries import DatasetRow, Version
from lagan.hub.tree import queries as tree
from lagan.hub.web import drawn, presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound, Unavailable

AT_ONCE, POLLED, ASKED_FOR = 0.3, 1.0, 8.0
"""Seconds that a page, a poll and a visitor without scripts wait for a preview: while they do, a
thread of the pages is taken."""


@require_safe
@signed_in
def file(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """The page of one file, or of one version of it."""
    path, number = _path(request), _number(request, "version")
    row = queries.dataset(actor, dataset)
    versions = queries.versions(actor, dataset, path)
    chosen = _chosen(versions, number)
    before, after = queries.neighbours(actor, dataset, path)
    changeable = row.state == "open" and tree.may(actor, "DATASET_CHANGE", dataset)
    patience = ASKED_FOR if asked(request, "show") else AT_ONCE
    context = {
        "dataset": row,
        "path": path,
        "name": path.rpartition("/")[2],
        "folders": presented.crumbs(dataset, path.rpartition("/")[0]),
        "chosen": chosen,
        "removed": not any(each.current for each in versions),
        "health": presented.health(archive.health([chosen.stored]).get(chosen.stored)),
        "media_type": access.media_type(path),
        "icon_name": drawn.kind_icon(access.by_name(path)),
        "content": presented.content_address(dataset, path, _other(chosen)),
        "before": presented.file_address(dataset, before) if before else None,
        "after": presented.file_address(dataset, after) if after else None,
        "folder": presented.folder_address(dataset, path.rpartition("/")[0]),
        "versions": [_version_line(dataset, path, each, chosen) for each in versions],
        "changeable": changeable,
        "changed": _time(chosen.mtime_ns),
        "current_words": _("current"),
        **_preview(request, actor, row, path, chosen, patience),
    }
    return render(request, "web/pages/file.html", context)


@require_safe
@signed_in
def preview(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """The preview alone, for a page that waits for it."""
    path = _path(request)
    row = queries.dataset(actor, dataset)
    chosen = _chosen(queries.versions(actor, dataset, path), _number(request, "version"))
    context = _preview(request, actor, row, path, chosen, POLLED)
    return render(request, "web/parts/preview.html", context)


@require_POST
@signed_in
def restore(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Make a version the newest, and say so."""
    path, version = request.POST.get("path", ""), request.POST.get("version", "")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise BadInput("A version is a whole number.", field="version")
    try:
        made = services.restore_version(by=actor, dataset=dataset, path=path, version=int(version))
        words = _("Version %(old)s is the newest again, as version %(new)s.")
        messages.success(request, words % {"old": version, "new": made.version})
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(presented.file_address(dataset, path))


@require_POST
@signed_in
def remove(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Take the file off its path, and say so in its folder."""
    path = request.POST.get("path", "")
    try:
        services.remove_files(by=actor, dataset=dataset, paths=[path])
        words = _("%(name)s was removed. Its versions are kept and can be restored.")
        messages.success(request, words % {"name": path.rpartition("/")[2]})
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
        return redirect(presented.file_address(dataset, path))
    return redirect(presented.file_address(dataset, path))


def _preview(
    request: HttpRequest,
    actor: Actor,
    row: DatasetRow,
    path: str,
    chosen: Version,
    patience: float,
) -> dict[str, Any]:
    """What `parts/preview.html` shows: the preview, or that it is on its way."""
    page, version = _number(request, "page") or 1, _other(chosen)
    given: dict[str, str | int | None] = {"path": path, "version": version, "page": page}
    common: dict[str, Any] = {
        "poll": presented.addressed(f"/datasets/{row.id}/file/preview/", **given),
        "show": presented.addressed(f"/datasets/{row.id}/file/", **given, show="1"),
    }
    found = _asked_for(actor, row, path, version, page)
    try:
        ready = found if isinstance(found, Drawn) else found.future.result(patience)
    except NotYet:
        return {**common, "preview": None}
    turned = {"path": path, "version": given["version"]}
    shown = drawn.shown(ready)
    return {
        **common,
        "preview": shown,
        "picture": presented.picture_address(row.id, path, version, page),
        "page_before": _turned(row, turned, shown.before),
        "page_after": _turned(row, turned, shown.after),
        "turned": turned,
    }


def _asked_for(
    actor: Actor, row: DatasetRow, path: str, version: int | None, page: int
) -> Preview | Drawn:
    try:
        return access.preview(actor, row.id, path, version=version, page=page - 1)
    except Unavailable:
        busy = Drawn(kind="none")
        busy.note("busy")
        return busy


def _turned(row: DatasetRow, kept: dict[str, str | int | None], page: int | None) -> str | None:
    if page is None:
        return None
    return presented.addressed(f"/datasets/{row.id}/file/", **kept, page=page)


def _version_line(dataset: int, path: str, each: Version, chosen: Version) -> dict[str, Any]:
    return {
        "row": each,
        "chosen": each.version == chosen.version,
        "page": presented.file_address(dataset, path, None if each.current else each.version),
        "content": presented.content_address(dataset, path, each.version),
    }


def _chosen(versions: list[Version], number: int | None) -> Version:
    """The version asked for, else the current one, else (of a removed file) the newest."""
    for each in versions:
        if each.version == number or (number is None and each.current):
            return each
    if number is not None:
        raise NotFound("The file has no such version.", version=number)
    return versions[0]


def _other(chosen: Version) -> int | None:
    """The number to name in addresses: none for what the path has now."""
    return None if chosen.current else chosen.version


def _time(mtime_ns: int) -> datetime | None:
    """When the file was last changed where it came from; None where nobody said."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC) if mtime_ns else None
    except (OverflowError, ValueError, OSError):
        return None


def _path(request: HttpRequest) -> str:
    path = asked(request, "path")
    if not path:
        raise NotFound("There is no such file.")
    return path


def _number(request: HttpRequest, name: str) -> int | None:
    text = asked(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise BadInput(f"{name} is a whole number from 1.", field=name)
    return int(text)
