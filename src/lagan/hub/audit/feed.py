"""What rooms do about events: each reaction sees every event of its kinds at least once, in order,
after commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lagan.hub.audit.models import Cursor
from lagan.hub.audit.queries import head, sealed_after
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.locks import advisory

log = logging.getLogger("lagan.audit")


@dataclass(frozen=True, slots=True)
class Reaction:
    """`act` gets some sealed events in order. It must be safe to repeat: after a failure it gets
    them again."""

    name: str
    kinds: frozenset[str]
    act: Callable[[Sequence[EventRow]], None]


_reactions: dict[str, Reaction] = {}


def register(reaction: Reaction) -> None:
    """Add a reaction at start-up. ValueError when another one has its name."""
    if _reactions.setdefault(reaction.name, reaction) != reaction:
        raise ValueError(f"There are two reactions named {reaction.name}.")


def run_reactions(limit: int = 500) -> int:
    """Give each reaction at most `limit` new events; how many were dealt with. A failing one is
    logged and tried again the next time; the others go on."""
    return sum(_run(reaction, limit) for reaction in list(_reactions.values()))


def _run(reaction: Reaction, limit: int) -> int:
    with advisory(f"audit.react.{reaction.name}") as held:
        if not held:
            return 0
        cursor, _ = Cursor.objects.get_or_create(name=reaction.name)
        end, _ = head()
        if cursor.sequence >= end:
            return 0
        events = sealed_after(cursor.sequence, reaction.kinds, limit)
        if events and not _acted(reaction, events):
            return 0
        # Fewer than asked for: nothing of these kinds is left up to the end that was read before.
        reached = (
            events[-1].sequence
            if len(events) == limit
            else max(end, events[-1].sequence if events else 0)
        )
        Cursor.objects.filter(name=reaction.name).update(sequence=reached)
        return len(events)


def _acted(reaction: Reaction, events: Sequence[EventRow]) -> bool:
    try:
        reaction.act(events)
    except Exception:
        log.exception(
            "reaction %s failed at event %s and will be tried again",
            reaction.name,
            events[0].sequence,
        )
        return False
    return True
