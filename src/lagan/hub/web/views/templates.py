"""The list of templates and the editor of one: its keys, its assignments, trying expressions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services
from lagan.hub.tree.templates import queries
from lagan.hub.tree.templates.fields import FLAGS, Field
from lagan.hub.tree.templates.patterns import matcher
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, Conflict

SIZE = 50
"""Templates on a page."""
GET_POST = ["GET", "HEAD", "POST"]


@require_http_methods(GET_POST)
@signed_in
def template_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Templates that the visitor sees, and the form for a new one."""
    refused: dict[str, Any] = {}
    if request.method == "POST":
        name, parent = request.POST.get("name", ""), _number(request.POST.get("parent"))
        try:
            made = services.create_template(by=actor, name=name, parent=parent)
            return redirect(f"/templates/{made.pk}/?new=1")
        except (BadInput, Conflict) as refusal:
            refused = {"refused": refusal.sentence, "given": name, "chosen": parent}
    text, after = asked(request, "text").strip(), asked(request, "after")
    page = tree.visible_entities(actor, "TEMPLATE", text=text, after=after, size=SIZE)
    paths = tree.full_path([each.id for each in page.items])
    context = {
        "lines": [(each, paths[each.id]) for each in page.items],
        "text": text,
        "homes": queries.homes(actor),
        **presented.turning("/templates/", after, page.next, text=text),
        **refused,
    }
    return render(request, "web/pages/templates.html", context, status=400 if refused else 200)


@require_http_methods(GET_POST)
@signed_in
def template(request: HttpRequest, actor: Actor, template: int) -> HttpResponse:
    """One template; posting saves the field that is edited, or tries its expression."""
    fields = queries.fields(actor, template)
    if request.method != "POST":
        return _show(request, actor, template, _chosen(request, fields))
    old = request.POST.get("old", "") or None
    try:
        field = _read(request.POST)
        if "try" in request.POST:
            return _show(request, actor, template, field, old=old, **_trial(request, field))
        services.set_field(by=actor, template=template, field=field, key=old)
    except BadInput as refusal:
        said = [each["reason"] for each in refusal.facts.get("reasons", [])]
        given = {"refused": said or [refusal.sentence], "given": request.POST}
        return _show(request, actor, template, _lenient(request.POST), 400, old=old, **given)
    messages.success(request, _("Saved. It counts from now on, at every write."))
    return redirect(f"/templates/{template}/")


@require_POST
@signed_in
def change_key(request: HttpRequest, actor: Actor, template: int) -> HttpResponse:
    """Take a key out, or move it up or down, and say so."""
    if key := request.POST.get("remove"):
        services.remove_field(by=actor, template=template, key=key)
        messages.success(request, _("%(key)s is no longer part of the template.") % {"key": key})
    for act in ("up", "down"):
        if key := request.POST.get(act):
            services.shift_field(by=actor, template=template, key=key, up=act == "up")
    return redirect(f"/templates/{template}/")


@require_POST
@signed_in
def remove(request: HttpRequest, actor: Actor, template: int) -> HttpResponse:
    """Remove a template that is assigned nowhere."""
    queries.fields(actor, template)
    try:
        services.remove(by=actor, entity=template)
    except Conflict as refusal:
        messages.error(request, refusal.sentence)
        return redirect(f"/templates/{template}/")
    messages.success(request, _("The template is removed."))
    return redirect("/templates/")


def _show(
    request: HttpRequest,
    actor: Actor,
    template: int,
    edited: Field | None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    row = tree.rows([template])[template]
    context = {
        "template": row,
        "path": tree.full_path([row.parent])[row.parent],
        "fields": queries.fields(actor, template),
        "assigned": queries.assigned(actor, template),
        "may_change": tree.may(actor, "TEMPLATE_CHANGE", template),
        "may_remove": tree.may(actor, "TEMPLATE_DELETE", template),
        "edited": edited,
        "old": edited.key if edited else "",
        "flags": [(flag, flag.upper(), words) for flag, words in zip(FLAGS, _flags(), strict=True)],
    }
    return render(request, "web/pages/template.html", {**context, **more}, status=status)


def _flags() -> tuple[str, ...]:
    return (
        _("There must be a value; without one it takes the first default."),
        _("Templates further down, or later in the list, cannot say otherwise."),
        _("Exactly one of the defaults: a drop-down."),
        _("Any of the defaults: check boxes."),
        _("Once set, a value cannot be changed. Use it with caution."),
    )


def _chosen(request: HttpRequest, fields: list[Field]) -> Field | None:
    key = asked(request, "key")
    if asked(request, "new"):
        return Field("")
    return next((each for each in fields if each.key == key), None)


def _read(post: QueryDict) -> Field:
    """The field that was edited. BadInput for limits that are no numbers."""
    least, most = post.get("min", "").strip() or "0", post.get("max", "").strip()
    if not all(
        each.isascii() and each.isdigit() and len(each) < 6 for each in (least, most or "1")
    ):
        raise BadInput(_("The number of values is a whole number from 0 to 1000."))
    return _lenient(post, int(least), int(most) if most else None)


def _lenient(post: QueryDict, least: int = 0, most: int | None = None) -> Field:
    lines = post.get("defaults", "").replace("\r\n", "\n").split("\n")
    flags = {flag: flag in post for flag in FLAGS}
    return Field(
        key=post.get("key", "").strip(),
        defaults=tuple(line for line in lines if line.strip()),
        regex=post.get("regex", ""),
        least=least,
        most=most,
        comment=post.get("comment", "").replace("\r\n", "\n").strip(),
        **flags,
    )


def _trial(request: HttpRequest, field: Field) -> dict[str, Any]:
    lines = request.POST.get("texts", "").replace("\r\n", "\n").split("\n")
    texts = [line[:10_000] for line in lines if line][:50]
    trial: dict[str, Any] = {"texts": "\n".join(texts)}
    try:
        fits = matcher(field.regex)
        trial["results"] = [(each, fits(each)) for each in texts]
    except BadInput as refusal:
        trial["fault"] = refusal.sentence
    return {"trial": trial}


def _number(text: str | None) -> int:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInput(_("Choose the group that the template will be in."))
    return int(text)
