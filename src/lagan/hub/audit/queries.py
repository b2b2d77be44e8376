"""Reading the record, and proving that it is whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from lagan.hub.audit.asking import Asked as Asked
from lagan.hub.audit.asking import Sight as Sight
from lagan.hub.audit.asking import asked as asked
from lagan.hub.audit.asking import condition, seen
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event, Head
from lagan.hub.audit.rules import BEGINNING, Break, EventRow, Harm, Sealed, digest
from lagan.hub.base.pages import Page, page_by_key


def verify() -> Break | None:
    """The first entry that was altered, removed or inserted since it was sealed; None when all is
    whole. What is sealed meanwhile is read as well.

    Reads the record once, in constant memory. Whoever can rewrite every later seal and the head as
    well leaves no trace here: that is what the anchors on the volumes are for (`hub/evidence`).
    """
    walk = _Walk()
    head = Head.objects.first() or Head(sequence=0, hash=BEGINNING)
    while True:
        if found := walk.to(head.sequence):
            return found
        later = Head.objects.first()
        if later is None or later.sequence <= head.sequence:
            return _end(head, walk)
        head = later


def maker(entity: int) -> str:
    """The name of who made the entity, as the record has it; empty when it does not know."""
    events = Event.objects.filter(subject=entity, kind=Kind.ENTITY_CREATED).order_by("id")
    return events.values_list("actor", flat=True).first() or ""


class _Walk:
    """A way along the chain: how far it was followed, the seal there and the one before it."""

    def __init__(self) -> None:
        self.sequence, self.before, self.seal = 0, "", BEGINNING

    def to(self, last: int) -> Break | None:
        """Go on up to the sequence `last`; the first break on the way."""
        ahead = Event.objects.filter(sequence__gt=self.sequence, sequence__lte=last)
        for event in ahead.order_by("sequence").iterator(2000):
            if found := _harm(event, self.sequence + 1, self.before, self.seal):
                return found
            self.sequence += 1
            self.before, self.seal = self.seal, event.hash or ""
        return Break(Harm.REMOVED, self.sequence + 1, None) if self.sequence < last else None


def _end(head: Head, walk: _Walk) -> Break | None:
    """What is wrong where the chain ends, though everything up to there was followed."""
    beyond = Event.objects.filter(sequence__gt=head.sequence).order_by("sequence").first()
    now = Head.objects.first()
    if now is None and beyond is not None:  # the head itself was taken away
        last = Event.objects.exclude(sequence=None).latest("sequence").sequence or 0
        return walk.to(last) or Break(Harm.REMOVED, last + 1, None)
    grows = now is not None and now.sequence > head.sequence
    if beyond is not None and not grows:
        found = _harm(beyond, head.sequence + 1, walk.before, walk.seal)
        return found or Break(Harm.INSERTED, head.sequence + 1, beyond.id)
    if walk.seal == head.hash:
        return None
    event = Event.objects.filter(sequence=head.sequence).values_list("id", flat=True).first()
    return Break(Harm.ALTERED, head.sequence, event)


def _harm(event: Event, sequence: int, before: str, running: str) -> Break | None:
    links = event.sequence == sequence and event.previous_hash == running
    if links and digest(running, as_row(event)) == event.hash:
        return None
    # Somebody else follows on what came before: then this one was put in between.
    if Event.objects.filter(previous_hash=running).exclude(id=event.id).exists():
        return Break(Harm.INSERTED, sequence, event.id)
    if links:
        return Break(Harm.ALTERED, sequence, event.id)
    # This one follows on what came before the last: then the last one was put in between.
    if event.previous_hash == before:
        last = Event.objects.filter(sequence=sequence - 1).values_list("id", flat=True).first()
        return Break(Harm.INSERTED, sequence - 1, last)
    return Break(Harm.REMOVED, sequence, None)


def as_row(event: Event) -> EventRow:
    """The stored event as a value; its sequence is 0 while it is not sealed."""
    return EventRow(
        sequence=event.sequence or 0,
        id=event.id,
        at=event.at,
        kind=event.kind,
        actor=event.actor,
        actor_entity=event.actor_entity,
        subject=event.subject,
        data=json.loads(event.data),
        result=event.result,
    )


def sealed_after(sequence: int, kinds: Collection[str], limit: int) -> list[EventRow]:
    """The next `limit` sealed events of `kinds` after `sequence`, in order."""
    rows = Event.objects.filter(sequence__gt=sequence, kind__in=sorted(kinds)).order_by("sequence")
    return [as_row(event) for event in rows[:limit]]


def head() -> tuple[int, str]:
    """The last sealed sequence and its hash."""
    found = Head.objects.first()
    return (found.sequence, found.hash) if found else (0, BEGINNING)


def page(sight: Sight, asked: Asked, *, after: str | None = None, size: int = 50) -> Page[EventRow]:
    """Events that were asked for and are seen, the newest first; what is not sealed yet has the
    sequence 0."""
    rows = Event.objects.filter(condition(asked), seen(sight))
    found = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([as_row(event) for event in found.items], found.next)


def sealed(
    sight: Sight, asked: Asked, *, after: int, upto: int, size: int | None = None
) -> Iterator[Sealed]:
    """Sealed events that were asked for and are seen, in order, from behind the sequence `after`
    up to `upto`, at most `size`; one by one in constant memory."""
    rows = Event.objects.filter(
        condition(asked), seen(sight), sequence__gt=after, sequence__lte=upto
    )
    for event in rows.order_by("sequence")[:size].iterator(2000):
        yield Sealed(as_row(event), event.previous_hash or "", event.hash or "")


def seals(sequences: Collection[int]) -> dict[int, str]:
    """The seals at some sequences, 500 at a reading; those that are not there are left out."""
    ordered = sorted(sequences)
    found: dict[int, str] = {}
    for start in range(0, len(ordered), 500):
        rows = Event.objects.filter(sequence__in=ordered[start : start + 500])
        found.update({row.sequence or 0: row.hash or "" for row in rows.only("sequence", "hash")})
    return found


def latest(kind: Kind) -> EventRow | None:
    """The newest event of a kind, sealed or not."""
    event = Event.objects.filter(kind=kind).order_by("-id").first()
    return as_row(event) if event else None


def about(entity: int) -> Iterator[dict[str, Any]]:
    """What an entity did and what was done to it, sealed or not, in order, in constant memory. Of
    what others did only that they did is told by their entity, not by their name."""
    rows = Event.objects.filter(Q(subject=entity) | Q(actor_entity=entity)).order_by("id")
    for event in rows.iterator(2000):
        row = {"at": event.at, "kind": event.kind, "result": event.result}
        row |= {"by": event.actor_entity, "to": event.subject, "data": json.loads(event.data)}
        yield row


def sealed_before(sequence: int | None, kinds: Collection[str], limit: int) -> list[EventRow]:
    """The last `limit` sealed events of `kinds` before `sequence` (None: all), the newest first."""
    rows: list[Event] = []
    # One kind at a time is one stretch of the index.
    for kind in sorted(kinds):
        of_kind = Event.objects.filter(kind=kind, sequence__isnull=False)
        before = of_kind if sequence is None else of_kind.filter(sequence__lt=sequence)
        rows += before.order_by("-sequence")[:limit]
    rows.sort(key=lambda event: -(event.sequence or 0))
    return [as_row(event) for event in rows[:limit]]


def newest_about(
    subjects: Iterable[int] | QuerySet[Any, Any],
    kinds: Collection[str],
    before: int | None,
    limit: int,
    results: Collection[str] = (),
) -> list[EventRow]:
    """The last `limit` events of `kinds` about any of `subjects` (entities, or a query for their
    ids), sealed or not, with ids below `before` (None: all), the newest first; with `results` only
    those that ended so."""
    rows = Event.objects.filter(subject__in=subjects, kind__in=sorted(kinds))
    if results:
        rows = rows.filter(result__in=sorted(results))
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [as_row(event) for event in rows.order_by("-id")[:limit]]
