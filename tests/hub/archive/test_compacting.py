"""Packs become one: every byte kept, killed at any moment, and the last good copy never removed."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import pytest

from lagan.hub.archive import queries, services
from lagan.hub.archive.models import Replica, Volume
from lagan.hub.archive.services import compacting, copies, volumes
from lagan.hub.archive.services.compacting import compact, plan
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import LaganError, Unavailable
from lagan.store import Journal
from lagan.store.wrappers import Fault, FaultyVolume
from tests.hub.archive.shelf import Archive, Killed, Mortal, damage


def packs(archive: Archive) -> set[str]:
    return {name for name in archive.objects("main") if name.startswith("packs/")}


def main() -> Volume:
    return Volume.objects.get(name="main")


def three_packs(archive: Archive) -> list[str]:
    for letter in (b"a", b"b", b"c"):
        archive.store([letter * n for n in range(1, 6)], packed=True)
    return sorted(packs(archive))


def check_all(archive: Archive) -> None:
    for id, data in archive.content.items():
        place = queries.locate(id)
        got = b"".join(map(bytes, place.store.read(place.object, place.offset, place.length)))
        assert got == data


def age(archive: Archive) -> None:
    for name in archive.objects("main"):
        os.utime(archive.path("main", name), (time.time() - 7200,) * 2)


def test_small_packs_become_one_with_every_byte(archive: Archive) -> None:
    old = three_packs(archive)
    age(archive)
    [group] = plan(main())
    assert group == old
    compact(main(), group)
    assert len(packs(archive)) == 1
    assert not packs(archive) & set(old)
    check_all(archive)


def test_young_packs_are_left_because_they_may_not_be_catalogued_yet(archive: Archive) -> None:
    three_packs(archive)
    assert plan(main()) == []


def test_dead_members_are_left_behind(archive: Archive) -> None:
    ids = archive.store([b"x" * 50_000 for _ in range(20)], packed=True)
    Replica.objects.filter(file__in=ids[5:]).delete()
    for id in ids[5:]:
        del archive.content[id]
    age(archive)
    [group] = plan(main())
    compact(main(), group)
    [pack] = packs(archive)
    assert archive.path("main", pack).stat().st_size < 6 * 52_000
    check_all(archive)


def test_a_pack_without_live_members_goes(archive: Archive) -> None:
    ids = archive.store([b"x", b"y"], packed=True)
    Replica.objects.filter(file__in=ids).delete()
    age(archive)
    [group] = plan(main())
    compact(main(), group)
    assert packs(archive) == set()


def test_a_damaged_member_keeps_its_pack_until_it_is_healed(archive: Archive) -> None:
    ids = archive.store([b"a" * 500, b"b" * 500, b"c" * 500], packed=True)
    row = Replica.objects.get(file=ids[1])
    damage(archive.path("main", row.object), row.offset)
    outcome = compact(main(), [row.object])
    assert outcome.damaged == {ids[1]}
    kept = Replica.objects.get(file=ids[1])
    assert (kept.object, kept.state) == (row.object, "bad")
    assert row.object in packs(archive)
    del archive.content[ids[1]]
    check_all(archive)


CALLS = ["receive", "write", "publish", "append", "delete", "usage", "read"]


FAULTS = [
    (call, kind, nth)
    for call in CALLS
    for kind in ("unavailable", "no-space", "lost-answer")
    for nth in (1, 2)
    if (call, kind) != ("receive", "lost-answer")  # in one process the lost incoming stays locked
]


@pytest.mark.parametrize(("call", "kind", "nth"), FAULTS)
def test_a_fault_at_any_step_loses_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, call: str, kind: str, nth: int
) -> None:
    old = three_packs(archive)
    place = services.open_store(main())
    faulty = FaultyVolume(place, [Fault(call, kind, nth)])  # type: ignore[arg-type]
    for module in (copies, compacting):
        monkeypatch.setattr(module, "open_store", lambda volume: faulty)
    monkeypatch.setattr(volumes, "open_store", lambda volume: faulty)
    monkeypatch.setattr(copies, "journal", lambda volume: Journal(faulty))
    with suppress(LaganError):
        compact(main(), old)
    monkeypatch.undo()
    check_all(archive)
    services.sweep(by=SYSTEM, starting=True)
    check_all(archive)
    assert archive.pending("main") == set()
    assert packs(archive) == set(Replica.objects.values_list("object", flat=True))


STEPS = ["receive", "write", "publish", "append", "delete"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", STEPS)
def test_killed_at_any_step_either_pack_serves(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    old = three_packs(archive)
    mortal = Mortal(services.open_store(main()), call, after)
    for module in (copies, compacting):
        monkeypatch.setattr(module, "open_store", lambda volume: mortal)
    monkeypatch.setattr(copies, "journal", lambda volume: Journal(mortal))
    with pytest.raises(Killed):
        compact(main(), old)
    monkeypatch.undo()
    check_all(archive)
    mortal.let_go()
    services.sweep(by=SYSTEM, starting=True)
    check_all(archive)
    assert packs(archive) == set(Replica.objects.values_list("object", flat=True))
    assert archive.pending("main") == set()


def test_a_source_out_of_reach_is_an_ordinary_failure(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = three_packs(archive)

    def away(volume: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(copies, "open_store", away)
    outcome = compact(main(), old)
    monkeypatch.undo()
    assert set(outcome.failed) == set(archive.content)
    check_all(archive)
