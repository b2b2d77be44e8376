"""Which templates count for the entities of a group, in which order, and what they amount to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services
from lagan.hub.tree.templates import queries
from lagan.hub.tree.templates.compliance import constraints
from lagan.hub.tree.templates.queries import EffectiveRow
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, Conflict

TYPES = ("DATASET", "COMPUTER", "GROUP", "USER", "TEMPLATE", "TASK", "STORE", "INTERFACE", "NOTICE")
"""Datasets first: they are what templates are mostly for."""
POOL = 20
"""Templates that are offered at once; searching finds the others."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def assignments(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """The group's list for a type; posting adds, moves or removes one template."""
    type = asked(request, "type") or TYPES[0]
    here = f"/entities/{entity}/templates/"
    if request.method == "POST":
        _act(request, actor, entity, type)
        return redirect(presented.addressed(here, type=type, text=asked(request, "text")))
    group = services.require_sight(actor=actor, entity=entity)
    rows = queries.assignments(actor, entity, type)
    context = {
        "group": group,
        "path": tree.full_path([entity])[entity],
        "type": type,
        "types": [presented.Choice(each, f"{here}?type={each}", each == type) for each in TYPES],
        "rows": rows,
        "may_assign": tree.may(actor, "GROUP_TEMPLATE_ASSIGN", entity),
        "effective": [_line(each) for each in queries.effective(actor, entity, type)],
        **_pool(request, actor, {each.template for each in rows}),
    }
    return render(request, "web/pages/assignments.html", context)


def _pool(request: HttpRequest, actor: Actor, assigned: set[int]) -> dict[str, Any]:
    text = asked(request, "text").strip()
    page = tree.visible_entities(actor, "TEMPLATE", text=text, size=POOL)
    return {
        "text": text,
        "pool": [each for each in page.items if each.id not in assigned],
        "more": page.next is not None,
    }


def _act(request: HttpRequest, actor: Actor, group: int, type: str) -> None:
    act, given = request.POST.get("act", ""), request.POST.get("template", "")
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise BadInput("Choose a template.", field="template")
    template = int(given)
    try:
        match act:
            case "add":
                services.assign_template(by=actor, group=group, type=type, template=template)
            case "remove":
                services.unassign_template(by=actor, group=group, type=type, template=template)
            case "up" | "down":
                services.shift_template(
                    by=actor, group=group, type=type, template=template, up=act == "up"
                )
            case _:
                raise BadInput("A template is added, removed, or moved up or down.", field="act")
    except Conflict as refusal:
        messages.error(request, refusal.sentence)


def _line(row: EffectiveRow) -> dict[str, Any]:
    return {"row": row, "field": row.field, "asked": constraints(row.field)}
