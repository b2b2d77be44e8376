"""Copying and healing killed at any call to the volume: nothing good is lost, and afterwards
nothing is left over."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from lagan.hub.archive import queries, services
from lagan.hub.archive.models import Replica, Volume
from lagan.hub.archive.services import copies
from lagan.hub.archive.services.healing import heal
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.base.actors import SYSTEM
from lagan.store import Journal
from tests.hub.archive.shelf import Archive, Killed, Mortal, damage

Work = Callable[[list[UUID]], object]


def to_replicate(archive: Archive) -> tuple[list[UUID], Work]:
    return archive.store([b"a" * 50, b"b" * 50, b"c" * 50]), replicate


def to_heal(archive: Archive) -> tuple[list[UUID], Work]:
    ids = archive.store([b"a" * 50, b"b" * 50, b"c" * 50])
    replicate(ids)
    rows = Replica.objects.filter(volume__name="copy")
    for row in rows:
        damage(archive.path("copy", row.object), row.offset)
    rows.update(state="bad")
    return ids, heal


CALLS = ["receive", "write", "publish", "append"]
POINTS = [(to_replicate, call) for call in CALLS] + [(to_heal, call) for call in [*CALLS, "delete"]]
"""Replicating replaces nothing, so it removes nothing."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("prepare", "call"), POINTS)
def test_killed_and_done_again_it_is_whole(
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Archive], tuple[list[UUID], Work]],
    call: str,
    after: bool,
) -> None:
    ids, work = prepare(archive)
    target = services.open_store(Volume.objects.get(name="copy"))
    mortal = Mortal(target, call, after)
    opened = services.open_store
    monkeypatch.setattr(
        copies, "open_store", lambda row: mortal if row.name == "copy" else opened(row)
    )
    monkeypatch.setattr(copies, "journal", lambda row: Journal(mortal))
    with pytest.raises(Killed):
        work(ids)
    monkeypatch.undo()
    mortal.let_go()
    for id in ids:
        place = queries.locate(id)
        assert b"".join(map(bytes, place.store.read(place.object, place.offset, place.length)))

    services.sweep(by=SYSTEM, starting=True)
    work(ids)
    assert {each.status for each in queries.health(ids).values()} == {"good"}
    named = set(Replica.objects.filter(volume__name="copy").values_list("object", flat=True))
    assert archive.objects("copy") == named
    assert archive.pending("copy") == set()
