"""Making, renaming, moving and removing an entity: a form each, a page of its own or, asked for by
a script, what a dialog shows; every refusal stands in the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing, queries, services
from lagan.hub.tree.browsing import Node
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.moving import moving
from lagan.hub.tree.rules import holders
from lagan.hub.web import entities, metadata, picking
from lagan.hub.web.views.entities import facts
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound

_form = require_http_methods(["GET", "HEAD", "POST"])


@_form
@signed_in
def create(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """A new entity of the `type` in the address: its name, and the metadata that templates ask."""
    kind = asked(request, "type")
    if kind not in entities.CREATING:
        raise BadInput(f"{kind[:50]!r} is nothing that is made here.", field="type")
    if kind == "DATASET" and request.method != "POST":
        return redirect(f"/datasets/new/?group={entity}&step=1")  # guided, with its computer
    effective = queries.effective_template(entity, kind)
    context: dict[str, Any] = {"parent": _seen(actor, entity), "act": entities.creating(kind)}
    if request.method != "POST":
        return _page(request, "create", {**context, "fields": metadata.form_fields(effective, {})})
    name, values = request.POST.get("name", ""), metadata.read_form(request.POST)
    context["name"] = name
    if (other := metadata.reshaped(request.POST)) is not None:
        return _page(
            request, "create", {**context, "fields": metadata.form_fields(effective, other)}
        )
    try:
        made = services.make(by=actor, type=kind, name=name, parent=entity, metadata=values)
    except NotFound:
        raise
    except LaganError as refusal:
        said = refusal.reasons if isinstance(refusal, NotCompliant) else []
        reasons = [each.as_dict() for each in said]
        context["fields"] = metadata.form_fields(effective, values, reasons)
        return _page(request, "create", context, refusal)
    messages.success(request, _("%(name)s was created.") % {"name": made.name})
    return _back(request, made.id)


@_form
@signed_in
def rename(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Another name."""
    context = facts(actor, entity)
    context["name"] = request.POST.get("name", context["one"].name)

    def act() -> str:
        made = services.rename(by=actor, entity=entity, name=context["name"])
        return _("It is called %(name)s now.") % {"name": made.name}

    return _acted(request, "rename", context, act, entity)


@_form
@signed_in
def move(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Choose where to; then see what changes, and confirm."""
    context = facts(actor, entity)
    types = sorted(holders(context["one"].type))
    context["picker"] = picking.picker(actor, name="to", label=_("Move it into"), types=types)
    target, refusal = _target(request, actor)
    if target is None:
        return _page(request, "move", context, refusal)
    place = entities.place(browsing.names_of([target])[target.id])
    context["target"] = entities.line(target, path=place)
    context["moving"] = moving(actor, entity, target.id) if target.sees else None

    def act() -> str:
        services.move(by=actor, entity=entity, parent=target.id)
        facts = {"name": context["one"].name, "place": place}
        return _("%(name)s was moved to %(place)s.") % facts

    return _acted(request, "move", context, act, entity)


def _target(request: HttpRequest, actor: Actor) -> tuple[Node | None, LaganError | None]:
    """Where to, when it was chosen; why not, when what was given leads nowhere."""
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("to"):
        return None, None
    try:
        return browsing.node(actor, picking.picked(actor, given.dict(), "to")), None
    except LaganError as refusal:
        return None, refusal


@_form
@signed_in
def remove(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Confirm that it shall go."""
    context = facts(actor, entity)
    above = context["above"][-1].id if context["above"] else entity

    def act() -> str:
        services.discard(by=actor, entity=entity)
        return _("%(name)s was removed.") % {"name": context["one"].name}

    return _acted(request, "remove", context, act, above)


def _acted(
    request: HttpRequest, form: str, context: dict[str, Any], act: Callable[[], str], then: int
) -> HttpResponse:
    """The form, or after it was sent the act and the way back; a refusal stands in the form."""
    if request.method != "POST":
        return _page(request, form, context)
    try:
        messages.success(request, act())
    except NotFound:
        raise
    except LaganError as refusal:
        return _page(request, form, context, refusal)
    return _back(request, then)


def _page(
    request: HttpRequest,
    form: str,
    context: dict[str, Any],
    refusal: LaganError | None = None,
) -> HttpResponse:
    """The whole page, or what a dialog shows of it."""
    alone = request.headers.get("HX-Request") == "true" and request.method != "POST"
    template = f"web/parts/entity_{form}.html" if alone else f"web/pages/entity_{form}.html"
    from_tree = "tree" in (request.GET.get("from"), request.POST.get("from"))
    given = {**context, "refused": refusal.sentence if refusal else "", "from_tree": from_tree}
    return render(request, template, given, status=refusal.status if refusal else 200)


def _back(request: HttpRequest, entity: int) -> HttpResponse:
    """To the tree when it came from there, else to the entity's page."""
    if request.POST.get("from") == "tree":
        return redirect(f"/tree/?at={entity}")
    return redirect(f"/entities/{entity}/")


def _seen(actor: Actor, entity: int) -> entities.Line:
    node = browsing.node(actor, entity)
    if not node.sees:
        raise NotFound(f"There is no entity {entity}.", entity=entity)
    return entities.line(node, path=entities.place(browsing.names_of([node])[entity]))
