"""What killed processes left is settled, and what only looks like it is left alone."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from lagan.hub.archive import services
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services import registry
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.archive.services.sweeping import Swept
from lagan.hub.base.actors import SYSTEM
from lagan.kit.ids import new_id
from lagan.store import FileLine, VoidLine
from tests.hub.archive.shelf import Archive


def start() -> dict[str, Swept]:
    return {each.volume: each for each in services.sweep(by=SYSTEM, starting=True)}


def forget(*ids: UUID) -> None:
    """As if the transaction had never committed."""
    Replica.objects.filter(file__in=ids).delete()
    File.objects.filter(id__in=ids)._raw_delete("default")


def test_a_clean_archive_is_left_as_it_is(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"], packed=True) + archive.store([b"c"])
    replicate(ids)
    before = {name: archive.objects(name) for name in ("main", "copy")}
    assert all(not each.removed and not each.voided for each in start().values())
    assert {name: archive.objects(name) for name in ("main", "copy")} == before


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_that_was_never_committed_is_void_and_its_object_goes(
    archive: Archive, packed: bool
) -> None:
    [kept] = archive.store([b"kept"])
    lost = archive.store([b"a", b"b"], packed=packed)
    forget(*lost)
    assert start()["main"].voided == 2
    assert archive.objects("main") == {Replica.objects.get(file=kept).object}
    assert void_lines() == set(lost)
    assert start()["main"].voided == 0


def void_lines() -> set[object]:
    journal = services.journal(Volume.objects.get(name="main"))
    return {each.id for each in journal.entries() if isinstance(each, VoidLine)}


def test_a_pack_of_which_one_member_counts_stays(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"], packed=True)
    before = archive.objects("main")
    forget(ids[1])
    assert start()["main"].voided == 1
    assert archive.objects("main") == before


def test_while_writers_run_young_leftovers_may_be_their_work(archive: Archive) -> None:
    lost = archive.store([b"a"])
    forget(*lost)
    services.open_store(Volume.objects.get(name="main")).receive("young").close()
    [swept] = [each for each in services.sweep(by=SYSTEM) if each.volume == "main"]
    assert (swept.voided, swept.removed, swept.discarded) == (0, [], [])
    assert len(archive.objects("main")) == 1


def test_an_object_that_never_came_into_the_journal_goes(archive: Archive) -> None:
    publish(archive, b"orphan")
    assert len(start()["main"].removed) == 1
    assert archive.objects("main") == set()


def publish(archive: Archive, data: bytes) -> str:
    store = services.open_store(Volume.objects.get(name="main"))
    name = services.object_name(id=new_id(), name="x", at=datetime.now(UTC))
    incoming = store.receive(f"k{time.monotonic_ns()}")
    incoming.write([data])
    store.publish([(incoming, name)])
    return name


def test_the_second_sweep_finds_a_new_orphan_too(archive: Archive) -> None:
    start()
    publish(archive, b"orphan")
    assert len(start()["main"].removed) == 1


def test_a_damaged_journal_saves_objects_it_might_have_named(archive: Archive) -> None:
    publish(archive, b"perhaps named")
    place = archive.path("main", ".lagan/journal/000001.jsonl")
    place.write_bytes(b"00000000 {}\n" + place.read_bytes())
    swept = start()["main"]
    assert (swept.removed, len(swept.strange), len(swept.damage)) == ([], 1, 1)
    assert len(archive.objects("main")) == 1


def test_a_voided_object_that_was_not_yet_removed_goes(archive: Archive) -> None:
    [id] = archive.store([b"a"])
    forget(id)
    journal = services.journal(Volume.objects.get(name="main"))
    journal.append([VoidLine(id, time.time())])
    assert len(start()["main"].removed) == 1


def test_unfinished_uploads_go_but_for_those_somebody_goes_on_with(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_keepers", [])
    services.keep_pending(lambda volume: {"kept"})
    store = services.open_store(Volume.objects.get(name="main"))
    for key in ("kept", "left"):
        incoming = store.receive(key)
        incoming.write([b"x"])
        incoming.checkpoint()
        incoming.close()
    assert start()["main"].discarded == ["left"]
    assert archive.pending("main") == {"kept"}


def test_an_upload_that_is_being_written_is_left(archive: Archive) -> None:
    store = services.open_store(Volume.objects.get(name="main"))
    incoming = store.receive("busy")
    incoming.write([b"x"])
    assert start()["main"].discarded == []
    incoming.discard()


def test_objects_of_others_are_left(archive: Archive) -> None:
    place = archive.path("main", "partial/upload")
    place.parent.mkdir()
    place.write_text("part")
    start()
    assert archive.objects("main") == {"partial/upload"}


def test_an_older_database_put_back_costs_nothing(archive: Archive) -> None:
    [old] = archive.store([b"before the backup"])
    lost = archive.store([b"after it", b"and this"])
    forget(*lost)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    Volume.objects.update(seen_at=long_ago)
    Replica.objects.filter(file=old).update(made_at=long_ago)
    before = archive.objects("main")
    assert start()["main"].ahead
    services.refresh_volumes()
    assert start()["main"].ahead
    assert archive.objects("main") == before

    services.take_in(by=SYSTEM, volume=Volume.objects.get(name="main"))
    assert set(File.objects.values_list("id", flat=True)) == {old, *lost}
    assert not start()["main"].ahead
    assert archive.objects("main") == before


def test_a_copy_left_by_a_killed_replication_goes(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"])
    replicate(ids)
    Replica.objects.filter(volume__name="copy").delete()
    for name in archive.objects("copy"):
        os.utime(archive.path("copy", name))
    assert start()["copy"].voided == 2
    assert archive.objects("copy") == set()
    replicate(ids)
    assert len([e for e in entries("copy") if isinstance(e, FileLine)]) == 4


def entries(volume: str) -> list[object]:
    return list(services.journal(Volume.objects.get(name=volume)).entries())
