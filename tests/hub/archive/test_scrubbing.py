"""Every byte is looked at, each object once, and what is wrong is named right."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from blake3 import blake3

from lagan.hub.archive import services
from lagan.hub.archive.errors import VolumeAway
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services.scrubbing import due_objects, objects_of, scrub
from lagan.hub.audit.models import Event
from tests.hub.archive.shelf import Archive, damage


def scrub_main(**how: Any) -> set[Any]:
    row = Volume.objects.get(name="main")
    return scrub(row, list(objects_of(row)), **how).damaged


def test_clean_copies_are_verified_and_nothing_is_alarmed(archive: Archive) -> None:
    archive.store([b"%d" % n for n in range(200)], packed=True)
    archive.store([b"", b"x" * (5 << 20)])
    before = datetime.now(UTC)
    assert scrub_main() == set()
    assert scrub_main(depth="full") == set()
    assert all(row.verified_at and row.verified_at >= before for row in Replica.objects.all())
    assert set(Replica.objects.values_list("depth", "state")) == {("full", "good")}


@pytest.mark.parametrize("depth", ["crc", "full"])
@pytest.mark.parametrize("packed", [False, True])
def test_any_flipped_bit_is_found_and_only_its_file_blamed(
    archive: Archive, depth: str, packed: bool
) -> None:
    chance = random.Random(7)
    sizes = [chance.randrange(1, 3000) for _ in range(60)]
    ids = archive.store([chance.randbytes(size) for size in sizes], packed=packed)
    victims = set(chance.sample(ids, 12))
    for row in Replica.objects.filter(file__in=victims):
        damage(archive.path("main", row.object), row.offset + chance.randrange(row.length))
    assert scrub_main(depth=depth) == victims
    assert set(Replica.objects.filter(state="bad").values_list("file_id", flat=True)) == victims


def finding(kind: str = "file.damaged") -> str:
    return Event.objects.filter(kind=kind).latest("id").data


def test_a_removed_object_is_missing(archive: Archive) -> None:
    archive.store([b"a", b"b"])
    gone = Replica.objects.earliest("id")
    archive.path("main", gone.object).unlink()
    assert scrub_main() == {gone.file_id}
    assert Replica.objects.get(id=gone.id).state == "missing"
    assert '"found":"missing"' in finding()


def test_a_removed_pack_misses_all_its_members(archive: Archive) -> None:
    ids = archive.store([b"a", b"b", b"c"], packed=True)
    archive.path("main", Replica.objects.earliest("id").object).unlink()
    assert scrub_main() == set(ids)
    assert Event.objects.filter(kind="file.damaged").count() == 1


def test_a_cut_object_has_another_size(archive: Archive) -> None:
    id = archive.store_one(b"abcdef")
    path = archive.path("main", Replica.objects.get().object)
    path.write_bytes(b"abc")
    assert scrub_main() == {id}
    assert "size" in finding()


def test_a_cut_pack_spares_the_members_before_the_cut(archive: Archive) -> None:
    ids = archive.store([b"a" * 600, b"b" * 600, b"c" * 600], packed=True)
    last = Replica.objects.get(file=ids[2])
    path = archive.path("main", last.object)
    path.write_bytes(path.read_bytes()[: last.offset + 10])
    assert scrub_main() == {ids[2]}


def test_a_grown_object_is_damaged_too(archive: Archive) -> None:
    id = archive.store_one(b"abcdef")
    with archive.path("main", Replica.objects.get().object).open("ab") as file:
        file.write(b"g")
    assert scrub_main() == {id}
    assert "7 bytes instead of 6" in finding()


def test_swapped_objects_are_both_damaged(archive: Archive) -> None:
    ids = archive.store([b"first!", b"second", b"third."])
    a, b = (archive.path("main", Replica.objects.get(file=id).object) for id in ids[:2])
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    assert scrub_main() == set(ids[:2])


def test_an_old_version_put_back_is_damage(archive: Archive) -> None:
    old, new = archive.store([b"version 1", b"version 2"])
    place = archive.path("main", Replica.objects.get(file=new).object)
    shutil.copy(archive.path("main", Replica.objects.get(file=old).object), place)
    assert scrub_main() == {new}


def test_a_volume_that_went_away_says_nothing_about_its_copies(archive: Archive) -> None:
    archive.store([b"a", b"b"])
    names = list(objects_of(Volume.objects.get(name="main")))
    (archive.root / "main").rename(archive.root / "away")
    (archive.root / "main").mkdir()
    with pytest.raises(VolumeAway):
        scrub(Volume.objects.get(name="main"), names)
    assert set(Replica.objects.values_list("state", flat=True)) == {"good"}
    assert not Event.objects.filter(kind="file.damaged").exists()


def test_a_copy_found_good_again_is_good(archive: Archive) -> None:
    archive.store_one(b"data")
    Replica.objects.update(state="suspect")
    scrub_main()
    assert Replica.objects.get().state == "good"


def test_a_file_that_came_with_blake3_only_gets_its_sha256(archive: Archive) -> None:
    id = archive.store_one(b"data")
    known = File.objects.get(id=id)
    File.objects.update(sha256=None, blake3=blake3(b"data").hexdigest())
    scrub_main(depth="crc")
    assert File.objects.get(id=id).sha256 is None
    scrub_main(depth="full")
    assert File.objects.get(id=id).sha256 == known.sha256


def test_the_oldest_look_comes_first_and_fresh_ones_are_not_due(archive: Archive) -> None:
    ids = archive.store([b"a", b"b", b"c"])
    now = datetime.now(UTC)
    for n, days in enumerate((40, 60, 1)):
        Replica.objects.filter(file=ids[n]).update(verified_at=now - timedelta(days=days))
    row = Volume.objects.get(name="main")
    names = [Replica.objects.get(file=ids[n]).object for n in (1, 0)]
    assert list(due_objects(row)) == names
    assert services.open_store(row).stat(names[0]).size == 1
