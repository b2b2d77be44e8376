"""One entity: its page, and the pieces of the tree that pages and pickers take in: children, hits,
the panel of facts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.audit import queries as audit
from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing, finding
from lagan.hub.tree.rules import holders
from lagan.hub.tree.services import MOST_COUNTED
from lagan.hub.web import entities, presented
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
def entity(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """What it is, what may be done to it, and what lies in it."""
    seen = browsing.sight(actor)
    head = facts(actor, entity, seen)
    after = asked(request, "after")
    page = browsing.children(actor, entity, after=after or None, size=SIZE, seen=seen)
    context = {
        **head,
        "lines": lines(actor, page.items, []),
        **presented.turning(f"/entities/{entity}/", after, page.next),
    }
    return render(request, "web/pages/entity.html", context)


@require_safe
@signed_in
def panel(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """The facts alone, for the side of the tree."""
    return render(request, "web/parts/entity_panel.html", facts(actor, entity))


@require_safe
@signed_in
def children(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What lies in `parent` (the root without one) as lines of a tree. With `type`, once or more,
    only groups and these types, which a picker may take; with `only`, that one line."""
    wanted, parent = _types(request), read_id(request, "parent")
    seen, only = browsing.sight(actor), read_id(request, "only")
    cursor: str | None = None
    if only is not None:
        page_lines = lines(actor, [browsing.node(actor, only, seen)], wanted)
    elif parent is None:
        page_lines = lines(actor, [browsing.top(actor, seen)], wanted)
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


def facts(actor: Actor, entity: int, seen: browsing.Sight | None = None) -> dict[str, Any]:
    """What a page and the panel say of an entity: `one` and what holds it, who made it, counts of
    what lies in it, and what the visitor may do."""
    seen = seen or browsing.sight(actor)
    line = browsing.line(actor, entity, seen)
    node = line[-1]
    held = browsing.permissions_of(actor, [node.path])[node.path]
    return {
        "one": entities.line(node, acts=entities.acts(node, held, _HOLDERS)),
        "above": [entities.line(each) for each in line[:-1]],
        "place": entities.place("".join(f"/{each.name}" for each in line)),
        "created": node.created,
        "maker": audit.maker(node.id) if node.sees else "",
        "counts": entities.counted(browsing.counts(actor, entity, seen), MOST_COUNTED)
        if node.holds
        else "",
        "makes": entities.makes(node, held, _HOLDERS),
        "changes": entities.changes(node, held),
        "pages": entities.pages(node) if node.sees else [],
    }


def _types(request: HttpRequest) -> list[str]:
    """The types asked for, each once. BadInput for what is none."""
    given = [word for each in request.GET.getlist("type") for word in each.split()]
    for each in given:
        if each not in entities.KINDS:
            raise BadInput(f"{each[:50]!r} is no type of entity.", field="type")
    return list(dict.fromkeys(given))


def read_id(request: HttpRequest, name: str) -> int | None:
    """An id in the address; None without one, BadInput for what is none."""
    text = asked(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput(f"{name} is the id of an entity.", field=name)
    return int(text)
