"""Writing the record: one event an act, inside the act's transaction; seals afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event, Head
from lagan.hub.audit.queries import as_row
from lagan.hub.audit.rules import BEGINNING, canonical, digest
from lagan.hub.base.actors import Actor
from lagan.hub.base.locks import advisory


def record(
    *,
    kind: Kind,
    by: Actor,
    subject: int | None = None,
    data: Mapping[str, Any] | None = None,
    result: str = "done",
) -> int:
    """Add an event to the transaction that is open and give its id. `subject` is the id of the
    entity that it happened to; `data` what a reader must know, in words of JSON, never a secret.

    The statement is written out because every act pays for it: an object's way to the same row
    costs five times as much.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (at, kind, actor, actor_entity, subject, data, result)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [
                connection.ops.adapt_datetimefield_value(timezone.now()),
                Kind(kind).value,
                by.name,
                by.entity,
                subject,
                canonical(data or {}),
                result,
            ],
        )
        return int(cursor.fetchone()[0])


def seal(*, limit: int = 10_000) -> int:
    """Chain up to `limit` events that are not yet sealed, in the order of their ids, and say how
    many.

    An event waits until every transaction that is older than its own has ended: then no cause can
    be sealed after its effect. 0 when somebody else is sealing.
    """
    with advisory("audit.seal") as held:
        return _seal(limit) if held else 0


@transaction.atomic
def _seal(limit: int) -> int:
    head = Head.objects.select_for_update().first() or Head(sequence=0, hash=BEGINNING)
    events = Event.objects.filter(sequence=None).order_by("id")
    if connection.vendor == "postgresql":
        events = events.extra(
            where=["transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"]
        )
    seals: list[tuple[int, str, str, int]] = []
    for event in events[:limit]:
        event.sequence = head.sequence + 1
        previous, head.hash, head.sequence = (
            head.hash,
            digest(head.hash, as_row(event)),
            event.sequence,
        )
        seals.append((event.sequence, previous, head.hash, event.id))
    if seals:
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE audit_event SET sequence = %s, previous_hash = %s, hash = %s WHERE id = %s",
                seals,
            )
        head.save()
    return len(seals)
