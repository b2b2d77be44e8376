"""The metadata of any entity: what is saved, the editor, history, import, export and copying."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.metadata import formats, queries
from lagan.hub.web import metadata as forms
from lagan.hub.web import presented
from lagan.hub.web.views.datasets import _head as dataset_head
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, NotFound, TooLarge

GET_POST = ["GET", "HEAD", "POST"]
LARGEST = 1 << 20
"""Bytes of a document that a page takes in: it travels twice."""
SOURCES = 20
"""Entities offered to copy from; searching finds the others."""


@require_safe
@signed_in
def saved(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """What is saved, without anything that templates would add."""
    values = queries.metadata(actor, entity)
    context = {"values": values, "show": "saved"}
    return _page(request, actor, entity, "metadata", context)


@require_http_methods(GET_POST)
@signed_in
def edit(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """The form: saved values and what templates in effect add; posting saves, or shows the form
    with one input more or less."""
    stored = queries.metadata(actor, entity)
    _require_change(actor, entity)
    if request.method != "POST":
        return _form(request, actor, entity, stored, stored)
    again = forms.reshaped(request.POST)
    if again is not None:
        return _form(request, actor, entity, again, stored)
    given = forms.as_stored(forms.read_form(request.POST), stored)
    try:
        services.set_metadata(by=actor, entity=entity, values=given)
    except NotCompliant as refusal:
        reasons = [each.as_dict() for each in refusal.reasons]
        return _form(request, actor, entity, given, stored, reasons, 400)
    messages.success(request, _("The metadata is saved."))
    return redirect(_address(actor, entity))


@require_safe
@signed_in
def history(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Every change, newest first."""
    key, after = asked(request, "key"), asked(request, "after")
    page = queries.history(actor, entity, key=key, after=after)
    here = f"{_address(actor, entity)}history/"
    context = {
        "page": page,
        "key": key,
        "show": "history",
        **presented.turning(here, after, page.next, key=key),
    }
    return _page(request, actor, entity, "metadata_history", context)


@require_http_methods(GET_POST)
@signed_in
def take_in(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """A document is shown as the difference that it makes, then taken in by one write."""
    stored = queries.metadata(actor, entity)
    _require_change(actor, entity)
    context: dict[str, Any] = {"show": "import", "stored": stored}
    if request.method != "POST":
        return _page(request, actor, entity, "metadata_import", context)
    try:
        content, format = _document(request)
        values, replace = formats.read(content, format), "replace" in request.POST
        if "apply" in request.POST:
            write = services.replace_metadata if replace else services.set_metadata
            write(by=actor, entity=entity, values=values)
            messages.success(request, _("The metadata is taken in."))
            return redirect(_address(actor, entity))
        changes, reasons = services.preview_metadata(
            by=actor, entity=entity, values=values, replace=replace
        )
    except (BadInput, TooLarge) as refusal:
        context["refused"] = refusal.sentence
        return _page(request, actor, entity, "metadata_import", context, 400)
    context |= {
        "previewed": True,
        "changes": changes,
        "reasons": reasons,
        "document": base64.b64encode(content).decode(),
        "format": format,
        "replace": replace,
    }
    return _page(request, actor, entity, "metadata_import", context)


@require_http_methods(GET_POST)
@signed_in
def copy(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Choose an entity of the same type, then its keys, then copy them."""
    stored = queries.metadata(actor, entity)
    kind = _require_change(actor, entity)
    context: dict[str, Any] = {"show": "copy", "text": asked(request, "text").strip()}
    source = _number(request.POST.get("source") or asked(request, "source"))
    if source is None:
        page = tree.visible_entities(actor, kind, text=context["text"], size=SOURCES)
        paths = tree.full_path([each.id for each in page.items])
        context["sources"] = [(each, paths[each.id]) for each in page.items if each.id != entity]
        return _page(request, actor, entity, "metadata_copy", context)
    if request.method == "POST":
        try:
            keys = [str(each) for each in request.POST.getlist("key")]
            copied = services.copy_metadata(by=actor, source=source, target=entity, keys=keys)
            said = ngettext("%(n)d key copied.", "%(n)d keys copied.", len(copied))
            messages.success(request, said % {"n": len(copied)})
            return redirect(_address(actor, entity))
        except NotCompliant as refusal:
            context["reasons"] = refusal.reasons
    theirs = queries.metadata(actor, source)
    fixed = _fixed(entity, kind, stored)
    context |= {
        "source": source,
        "source_path": tree.full_path([source])[source],
        "lines": [(key, each, stored.get(key, []), key in fixed) for key, each in theirs.items()],
    }
    status = 400 if "reasons" in context else 200
    return _page(request, actor, entity, "metadata_copy", context, status)


def _form(
    request: HttpRequest,
    actor: Actor,
    entity: int,
    values: dict[str, list[str]],
    stored: dict[str, list[str]],
    reasons: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = tree.rows([entity])[entity].type
    parent = tree.rows([entity])[entity].parent
    effective = tree.effective_template(parent, kind)
    # Keys that are only shown are not in the form: what is saved stands for them.
    whole = {**stored, **values}
    fields = forms.form_fields(effective, whole, reasons or (), stored=stored)
    shown = {each.key for each in fields}
    context = {
        "fields": fields,
        "general": [each for each in reasons or () if each["key"] not in shown],
        "presets": queries.presets_at(parent, kind),
        "show": "edit",
    }
    return _page(request, actor, entity, "metadata_edit", context, status)


def _page(
    request: HttpRequest,
    actor: Actor,
    entity: int,
    name: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A dataset's metadata is a part of its page, that of others stands on its own."""
    row = tree.rows([entity])[entity]
    around: dict[str, Any] = {
        "base": "web/pages/entity_metadata.html",
        "part": "metadata",
        "entity": row,
        "path": tree.full_path([row.parent])[row.parent],
        "address": _address(actor, entity),
        "may_change": tree.may(actor, f"{row.type}_CHANGE", entity),
    }
    if _has_dataset_page(actor, row):
        around |= {**dataset_head(actor, entity, "metadata"), "base": "web/pages/dataset.html"}
        around["may_change"] &= around["dataset"].state != "removed"
    return render(request, f"web/pages/{name}.html", {**around, **context}, status=status)


def _has_dataset_page(actor: Actor, row: tree.EntityRow) -> bool:
    return row.type == "DATASET" and tree.may(actor, "DATASET_READ", row.id)


def _address(actor: Actor, entity: int) -> str:
    row = tree.rows([entity])[entity]
    place = "datasets" if _has_dataset_page(actor, row) else "entities"
    return f"/{place}/{entity}/metadata/"


def _require_change(actor: Actor, entity: int) -> str:
    """The entity's type, when the visitor may change its metadata."""
    kind = tree.rows([entity])[entity].type
    services.require(actor=actor, permission=f"{kind}_CHANGE", entity=entity)
    return kind


def _fixed(entity: int, kind: str, stored: dict[str, list[str]]) -> set[str]:
    """The keys that are set and stay as they are."""
    fields = tree.effective_template(tree.rows([entity])[entity].parent, kind).fields
    return {key for key, field in fields.items() if field.persistent and stored.get(key)}


def _document(request: HttpRequest) -> tuple[bytes, str]:
    """The document that was chosen or, after the preview, that came along with it; its format."""
    if "document" in request.POST:
        try:
            content = base64.b64decode(request.POST["document"], validate=True)
        except binascii.Error:
            raise BadInput(_("The document was changed on its way.")) from None
        return content, request.POST.get("format", "")
    file = request.FILES.get("file")
    if file is None:
        raise BadInput(_("Choose a file."))
    if (file.size or 0) > LARGEST:
        raise TooLarge(_("A page takes in at most 1 MB; the API takes in more."))
    return file.read(), "csv" if (file.name or "").lower().endswith(".csv") else "json"


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound(_("There is no such entity."))
    return int(text)
