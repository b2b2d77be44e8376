"""The archive: its volumes, and the damaged files among those that the visitor may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lagan.hub.accounts import queries as accounts
from lagan.hub.archive import queries
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import DamagedRow
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A file with a copy that is not good, and where to find it."""

    name: str
    address: str
    where: str
    health: presented.Health | None


@require_safe
@signed_in
def archive(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Volumes with their room and copies; damaged files by key."""
    after = asked(request, "after")
    page = datasets.damaged(actor, after=after, size=50)
    context = {
        "volumes": [presented.volume_card(each) for each in queries.volumes()],
        "damaged": damaged_lines(page.items),
        "administers": accounts.is_administrator(accounts.user_of(actor)),
        "tab": "volumes",
        **presented.turning("/archive/", after, page.next),
    }
    return render(request, "web/pages/archive.html", context)


def damaged_lines(rows: Sequence[DamagedRow]) -> list[DamagedLine]:
    """Each row with the health of its copies, in two queries for all."""
    healths = queries.health([row.stored for row in rows])
    return [
        DamagedLine(
            row.path,
            presented.folder_address(row.dataset, row.path.rpartition("/")[0]),
            row.name,
            presented.health(healths.get(row.stored)),
        )
        for row in rows
    ]
