"""The entity tree: lazy, walked by mouse or keys, with a search that opens what it finds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing, finding
from lagan.hub.tree.rules import ids_in
from lagan.hub.web import entities
from lagan.hub.web.views.entities import HITS, SIZE, facts, lines, read_id
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError

OPENED = 20
"""Hits whose branches are opened; the others stand in the list."""


@require_safe
@signed_in
def tree(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The root and what lies in it; `at` names the entity that is shown, `find` what is searched.
    A script opens the branches, and remembers them."""
    seen = browsing.sight(actor)
    top = browsing.top(actor, seen)
    page = browsing.children(actor, top.id, size=SIZE, seen=seen)
    find, at = asked(request, "find").strip(), read_id(request, "at")
    context: dict[str, Any] = {
        "top": lines(actor, [top], [])[0],
        "lines": lines(actor, page.items, []),
        "parent": top.id,
        "more": page.next,
        "find": find,
        "every_act": entities.every_act(),
        **_searched(actor, find, seen),
    }
    if at is not None:
        context |= _chosen(actor, at, seen)
    return render(request, "web/pages/tree.html", context)


def _searched(actor: Actor, find: str, seen: browsing.Sight) -> dict[str, Any]:
    """The hits, and the lines of ids that lead to the first of them."""
    if not find:
        return {}
    page = finding.find(actor, find, size=HITS, seen=seen)
    paths = browsing.names_of(page.items)
    hits = [entities.line(each, path=entities.place(paths[each.id])) for each in page.items]
    ways = (" ".join(map(str, ids_in(each.path))) for each in page.items[:OPENED])
    return {"hits": hits, "more_hits": page.next is not None, "ways": ";".join(ways)}


def _chosen(actor: Actor, at: int, seen: browsing.Sight) -> dict[str, Any]:
    """The facts of the entity in the address, or why it cannot be shown."""
    try:
        found = facts(actor, at, seen)
    except LaganError:
        said = _("There is no entity %(id)s, or it is not yours to see.")
        return {"at_refused": said % {"id": at}}
    above = [each.id for each in found["above"]]
    return {**found, "way": " ".join(map(str, [*above, at]))}
