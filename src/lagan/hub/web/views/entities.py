"""The tree in pieces: the children of an entity and the hits of a search, as lines that a page or a
picker takes in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing, finding
from lagan.hub.tree.rules import holders
from lagan.hub.web import entities
from lagan.hub.web.entities import Line
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput

SIZE = 200
"""Children that are shown at once."""
HITS = 50
"""Hits that are shown at once."""
_HOLDERS = {kind: holders(kind) for kind in entities.KINDS}


@require_safe
@signed_in
def children(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What lies in `parent` (the root without one) as lines of a tree. With `type`, once or more,
    only groups and these types, which a picker may take."""
    wanted, parent = _types(request), _number(request, "parent")
    seen = browsing.sight(actor)
    if parent is None:
        page_lines, cursor = [_root(actor, seen, wanted)], None
    else:
        types = {*wanted, "GROUP"} if wanted else set(entities.KINDS)
        after = asked(request, "after") or None
        page = browsing.children(actor, parent, types=types, after=after, size=SIZE, seen=seen)
        page_lines, cursor = lines(actor, page.items, wanted), page.next
    context = {"lines": page_lines, "parent": parent, "more": cursor}
    return render(request, "web/parts/tree_nodes.html", context)


@require_safe
@signed_in
def hits(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the search for `find` finds, with full paths; with `type` only these types."""
    wanted = _types(request)
    page = finding.find(
        actor, asked(request, "find"), types=wanted or tuple(entities.KINDS), size=HITS
    )
    paths = browsing.names_of(page.items)
    found = [
        entities.line(each, choosable=wanted, path=entities.place(paths[each.id]))
        for each in page.items
    ]
    context = {"lines": found, "find": asked(request, "find"), "more": page.next}
    return render(request, "web/parts/tree_hits.html", context)


def lines(actor: Actor, nodes: list[browsing.Node], choosable: list[str]) -> list[Line]:
    """Nodes as lines; for the tree itself, where nothing is chosen, with what may be done."""
    if choosable:
        return [entities.line(each, choosable=choosable) for each in nodes]
    held = browsing.permissions_of(actor, [each.path for each in nodes])
    return [
        entities.line(each, acts=entities.acts(each, held[each.path], _HOLDERS)) for each in nodes
    ]


def _root(actor: Actor, seen: browsing.Sight, wanted: list[str]) -> Line:
    return lines(actor, [browsing.top(actor, seen)], wanted)[0]


def _types(request: HttpRequest) -> list[str]:
    """The types asked for, each once. BadInput for what is none."""
    given = [word for each in request.GET.getlist("type") for word in each.split()]
    for each in given:
        if each not in entities.KINDS:
            raise BadInput(f"{each[:50]!r} is no type of entity.", field="type")
    return list(dict.fromkeys(given))


def _number(request: HttpRequest, name: str) -> int | None:
    text = asked(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput(f"{name} is the id of an entity.", field=name)
    return int(text)
