"""Files get their copies: verified, on every volume of the set, once, saying in the journal whose
they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lagan.hub.archive import queries, rules, services
from lagan.hub.archive.models import Replica, StorageSet, Volume, VolumeState
from lagan.hub.archive.services.lines import as_first
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.audit.models import Event
from lagan.store import FileLine
from tests.hub.archive.shelf import Archive, damage


def read(archive: Archive, volume: str) -> dict[object, bytes]:
    """What the copies on one volume hold, by file."""
    rows = Replica.objects.filter(volume__name=volume)
    store = services.open_store(Volume.objects.get(name=volume))
    return {
        row.file_id: b"".join(map(bytes, store.read(row.object, row.offset, row.length)))
        for row in rows
    }


@pytest.mark.parametrize("packed", [False, True])
def test_every_volume_of_the_set_gets_a_copy(archive: Archive, packed: bool) -> None:
    archive.add_volume("third")
    archive.add_volume("else", "main", storage_set="other")
    ids = archive.store([b"a", b"b" * 100, b"", b"d" * (rules.SMALL + 1)], packed=packed)
    outcome = replicate(ids)
    assert not outcome.failed
    for volume in ("main", "copy", "third"):
        assert read(archive, volume) == archive.content
    assert read(archive, "else") == {}
    assert {each.status for each in queries.health(ids).values()} == {"good"}


def test_small_files_share_a_pack_and_large_ones_keep_their_own_object(archive: Archive) -> None:
    archive.store([b"a", b"b", b"c" * (rules.SMALL + 1)])
    replicate(list(archive.content))
    kinds = sorted(name.partition("/")[0] for name in archive.objects("copy"))
    assert kinds == ["files", "packs"]


def test_a_set_without_packs_keeps_every_file_apart(archive: Archive) -> None:
    StorageSet.objects.update(packs=False)
    archive.store([b"a", b"b"])
    replicate(list(archive.content))
    assert {name.partition("/")[0] for name in archive.objects("copy")} == {"files"}


def test_done_again_it_does_nothing(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"])
    replicate(ids)
    before = archive.objects("copy")
    outcome = replicate(ids)
    assert outcome.needless == set(ids)
    assert archive.objects("copy") == before


def test_the_copys_line_says_what_the_first_line_says(archive: Archive) -> None:
    [id] = archive.store([b"a"])
    replicate([id])
    [first] = lines(archive, "main")
    [second] = lines(archive, "copy")
    assert second.id != first.id
    copied = as_first(second)
    assert (copied.id, copied.belongs, copied.digests, copied.stored_at) == (
        first.id,
        first.belongs,
        first.digests,
        first.stored_at,
    )


def test_a_false_source_is_found_out_and_nothing_is_made_of_it(archive: Archive) -> None:
    [id] = archive.store([b"a" * 100])
    damage(archive.path("main", Replica.objects.get().object), 50)
    outcome = replicate([id])
    assert set(outcome.failed) == {id}
    assert Replica.objects.get().state == "bad"
    assert archive.objects("copy") == archive.pending("copy") == set()
    assert Event.objects.filter(kind="file.damaged").count() == 1


def test_one_false_source_in_a_batch_spares_the_others(archive: Archive) -> None:
    ids = archive.store([b"a" * 100, b"b" * 100, b"c" * 100])
    damage(archive.path("main", Replica.objects.get(file=ids[1]).object))
    outcome = replicate(ids)
    assert set(outcome.failed) == {ids[1]}
    assert read(archive, "copy") == {ids[0]: b"a" * 100, ids[2]: b"c" * 100}


@pytest.mark.parametrize("state", [VolumeState.READONLY, VolumeState.MISSING])
def test_a_volume_that_takes_nothing_gets_nothing(archive: Archive, state: str) -> None:
    ids = archive.store([b"a"])
    Volume.objects.filter(name="copy").update(state=state)
    replicate(ids)
    assert archive.objects("copy") == set()
    assert queries.health(ids)[ids[0]].status == "pending"


def test_a_full_volume_refuses_and_keeps_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = archive.store([b"a", b"b"])
    monkeypatch.setattr(rules, "RESERVE", 1 << 60)
    outcome = replicate(ids)
    assert {each.code for each in outcome.failed.values()} == {"no-space"}
    assert archive.objects("copy") == archive.pending("copy") == set()


def test_who_comes_second_takes_its_copy_back(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.hub.archive.services import replicating

    ids = archive.store([b"a", b"b"])
    stale = replicating.copies_of(ids)
    replicate(ids)
    before = archive.objects("copy")
    monkeypatch.setattr(replicating, "copies_of", lambda files: stale)
    replicate(ids)
    assert archive.objects("copy") == before
    assert len(lines(archive, "copy")) == 2


def test_times_survive_the_journal(archive: Archive) -> None:
    archive.store_one(b"a")
    [line] = lines(archive, "main")
    at = datetime.fromtimestamp(line.stored_at, UTC)
    assert datetime.now(UTC) - at < timedelta(minutes=1)
    assert Replica.objects.get().made_at == at


def lines(archive: Archive, volume: str) -> list[FileLine]:
    journal = services.journal(Volume.objects.get(name=volume))
    return [each for each in journal.entries() if isinstance(each, FileLine)]
