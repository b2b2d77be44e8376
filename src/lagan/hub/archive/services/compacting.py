"""Packs with much dead in them, and small ones, are written anew as one: verified first, then the
old go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Sum

from lagan.hub.archive import rules
from lagan.hub.archive.models import Replica, ReplicaState, Volume
from lagan.hub.archive.rules import PackFill
from lagan.hub.archive.services.copies import Errand, bring, named
from lagan.hub.archive.services.replicating import Outcome, settle
from lagan.hub.archive.services.volumes import open_store
from lagan.hub.audit.kinds import Kind

SETTLED = timedelta(hours=1)
"""A pack younger than this may have been published and not yet be in the catalogue."""


def plan(volume: Volume) -> list[list[str]]:
    """Which packs of a volume should become one, each group the work of one `compact`."""
    before = (datetime.now(UTC) - SETTLED).timestamp()
    rows = Replica.objects.filter(volume=volume, object__startswith="packs/")
    counted = rows.values_list("object").annotate(Sum("length"), Count("id"))
    live = {name: (length, members) for name, length, members in counted}
    packs = [
        PackFill(each.name, each.size, *live.get(each.name, (0, 0)))
        for each in open_store(volume).list("packs/")
        if each.modified < before and rules.is_pack(each.name)
    ]
    return [[each.object for each in group] for group in rules.gather(packs)]


def compact(
    volume: Volume,
    packs: Sequence[str],
    *,
    progress: Callable[[int], object] = lambda count: None,
) -> Outcome:
    """Copy the good members of `packs` into a new pack, read it back, switch the rows, remove the
    old.

    A pack stays while it holds a copy that is not good: healing needs to know where that was.
    Killed at any
    moment, either the old or the new pack is what the catalogue names, and the sweep removes the
    other.
    """
    outcome = Outcome()

    def told(count: int) -> None:
        outcome.bytes += count
        progress(count)

    rows = (
        Replica.objects.filter(volume=volume, object__in=packs, state=ReplicaState.GOOD)
        .select_related("file", "volume")
        .order_by("object", "offset")
    )
    errands = [Errand(row.file, [row], replaces=row) for row in rows]
    brought = bring(volume, errands, packed=True, kind=Kind.REPLICA_MOVED, progress=told)
    settle(brought, outcome)
    store = open_store(volume)
    for name in sorted(set(packs) - named(volume, packs)):
        store.delete(name)
    return outcome
