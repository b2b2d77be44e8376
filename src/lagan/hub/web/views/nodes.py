"""The archive's nodes for administrators: who is there, how their volumes are, what is on its way
to subscribers, what checks found."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from lagan.hub.accounts.services import require_administrator
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node import queries
from lagan.hub.doors.node.queries import NodeRow, VolumeRow
from lagan.hub.web import shown
from lagan.hub.web.presented import turning
from lagan.hub.web.visitor import asked, signed_in

SIZE = 50
EVENTS = 20


@dataclass(frozen=True, slots=True)
class NodeCard:
    """A node with its state as the pages know it."""

    row: NodeRow
    state: str


@dataclass(frozen=True, slots=True)
class VolumeCard:
    """A volume with its room as a bar: `other` is what is used beyond archived files."""

    row: VolumeRow
    state: str
    other: int
    room_words: str


@require_safe
@signed_in
def nodes(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Nodes, and all volumes by key."""
    require_administrator(actor)
    after = asked(request, "after")
    page = queries.volumes(after=after or None, size=SIZE)
    context = {
        "tab": "nodes",
        "nodes": [NodeCard(each, each.state.lower()) for each in queries.nodes()],
        "volumes": [volume_card(each) for each in page.items],
        **turning("/archive/nodes/", after, page.next),
    }
    return render(request, "web/pages/nodes.html", context)


@require_safe
@signed_in
def subscriptions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who is sent new files, and how that goes."""
    require_administrator(actor)
    after = asked(request, "after")
    page = queries.subscriptions(after=after or None, size=SIZE)
    context = {
        "tab": "subscriptions",
        "subscriptions": page.items,
        **turning("/archive/nodes/subscriptions/", after, page.next),
    }
    return render(request, "web/pages/node_subscriptions.html", context)


@require_safe
@signed_in
def checks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Copies that are damaged, and what was found and healed last."""
    require_administrator(actor)
    after = asked(request, "after")
    page = queries.damage(after=after or None, size=SIZE)
    context = {
        "tab": "checks",
        "damaged": page.items,
        "events": queries.check_events(size=EVENTS).items,
        **turning("/archive/nodes/checks/", after, page.next),
    }
    return render(request, "web/pages/node_checks.html", context)


def volume_card(row: VolumeRow) -> VolumeCard:
    """Room is what a node saw last; without archived files it is all somebody else's or free."""
    other = max(row.capacity - row.available - row.bytes, 0)
    words = gettext("%(used)s archived, %(free)s free of %(total)s") % {
        "used": shown.size(row.bytes),
        "free": shown.size(row.available),
        "total": shown.size(row.capacity),
    }
    state = "away" if not row.mounted else "completed" if row.completed else "mounted"
    return VolumeCard(row, state, other, words)
