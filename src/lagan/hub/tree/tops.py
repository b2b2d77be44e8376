"""The groups in which an actor has the say: where a permission begins, and those inside that hold
entities of a type."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q

from lagan.hub.base.actors import Actor
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import WIDTH
from lagan.hub.tree.spans import within
from lagan.hub.tree.visibility import allowed


def tops(actor: Actor, permission: Permission | str, *, holding: str, size: int) -> list[Entity]:
    """The first `size` groups, by name, at which the actor holds the permission and which hold an
    entity of the type `holding`, or at which the permission begins; never the root itself."""
    where = allowed(actor, permission)
    starts = [low for low, _ in where.items if len(low) > WIDTH]
    held = Exists(
        Entity.objects.filter(parent=OuterRef("pk"), type=Type(holding)).exclude(pk=OuterRef("pk"))
    )
    rows = Entity.objects.filter(within(where), type=Type.GROUP).exclude(parent=F("pk"))
    return list(rows.filter(Q(held) | Q(path__in=starts)).order_by("name", "id")[:size])
