"""Files enter the catalogue and are found again: where they can be read, and how well they are
kept."""

from __future__ import annotations

import shutil

import pytest
from django.db import IntegrityError, transaction

from lagan.hub.archive import queries, services
from lagan.hub.archive.errors import NoGoodCopy
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services.volumes import forget_opened
from lagan.kit.errors import NotFound
from lagan.kit.ids import new_id
from lagan.store.journal import FileLine
from tests.hub.archive.shelf import Archive


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_stored_is_located_and_read(archive: Archive, packed: bool) -> None:
    ids = archive.store([b"one", b"two" * 1000, b""], packed=packed)
    for id in ids:
        place = queries.locate(id)
        data = b"".join(map(bytes, place.store.read(place.object, place.offset, place.length)))
        assert data == archive.content[id]
        assert (place.volume, place.packed) == ("main", packed)
        assert place.digests.size == len(data)


def test_the_main_copy_counts_as_verified_when_it_was_stored(archive: Archive) -> None:
    id = archive.store_one(b"data")
    replica = Replica.objects.get(file=id)
    assert replica.verified_at == File.objects.get(id=id).stored_at
    assert replica.depth == "written"


def test_a_version_is_catalogued_once(archive: Archive) -> None:
    id = archive.store_one(b"data")
    file = File.objects.get(id=id)
    at = file.stored_at.timestamp()
    place = ("x", "files/x", 0, 4)
    other = FileLine(new_id(), file.file_id, 1, *place, file.digests, at, {})
    volume = Volume.objects.get(name="main").pk
    with pytest.raises(IntegrityError), transaction.atomic():
        services.record_files(volume=volume, stored_at=file.stored_at, files=[other])


def test_an_unknown_file_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound):
        queries.locate(new_id())
    assert queries.locations([new_id()]) == {}
    assert queries.health([new_id()]) == {}


@pytest.mark.parametrize("state", ["bad", "missing", "suspect"])
def test_a_copy_that_is_not_good_is_never_given_out(archive: Archive, state: str) -> None:
    id = archive.store_one(b"data")
    Replica.objects.update(state=state)
    with pytest.raises(NoGoodCopy):
        queries.locate(id)


def test_a_copy_on_a_volume_that_does_not_open_is_left_out(archive: Archive) -> None:
    id = archive.store_one(b"data")
    forget_opened()
    shutil.rmtree(archive.root / "main" / ".lagan")
    assert queries.locations([id]) == {id: []}


def test_health_of_many_files_takes_two_queries(
    archive: Archive, django_assert_num_queries: object
) -> None:
    ids = archive.store([b"%d" % n for n in range(50)], packed=True)
    with django_assert_num_queries(2):  # type: ignore[operator]
        health = queries.health(ids)
    assert {each.status for each in health.values()} == {"pending"}
    assert health[ids[0]].replicas[0].volume == "main"


def test_locating_many_files_takes_one_query(
    archive: Archive, django_assert_num_queries: object
) -> None:
    ids = archive.store([b"%d" % n for n in range(50)])
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(queries.locations(ids)) == 50


def test_damage_is_listed_page_by_page(archive: Archive) -> None:
    archive.store([b"%d" % n for n in range(5)])
    Replica.objects.update(state="bad")
    first = queries.damage(size=3)
    rest = queries.damage(after=first[-1].id, size=3)
    assert (len(first), len(rest)) == (3, 2)
    assert queries.volumes()[1].damaged == {"bad": 5}


def test_statuses_are_those_of_health(archive: Archive) -> None:
    ids = archive.store([b"%d" % n for n in range(8)], packed=True)
    states = ["good", "bad", "missing", "suspect"]
    main = Volume.objects.get(name="main")
    for n, id in enumerate(ids):
        Replica.objects.filter(file=id, volume=main).update(state=states[n % 4])
    judged = queries.statuses(ids)
    assert judged == {id: each.status for id, each in queries.health(ids).items()}
    assert set(judged.values()) == {"pending", "lost", "degraded"}
