"""Volumes: joined, refused, opened as their state says, and chosen for what arrives."""

from __future__ import annotations

import shutil

import pytest

from lagan.hub.archive import queries, services
from lagan.hub.archive.errors import VolumeAway, VolumeTaken
from lagan.hub.archive.models import Hub, Volume, VolumeState
from lagan.hub.archive.services.volumes import forget_opened
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import NOBODY, SYSTEM
from lagan.kit.errors import Forbidden, NoSpace
from lagan.kit.ids import new_id
from lagan.store import identify
from lagan.store.errors import ForeignFiles, ReadOnly
from tests.hub.archive.shelf import Archive


def test_a_new_volume_says_itself_who_it_is_and_the_record_says_who_added_it(
    archive: Archive,
) -> None:
    row = Volume.objects.get(name="main")
    assert identify(services.open_store(row)).id == row.id
    assert Event.objects.filter(kind="volume.added").count() == 2


def test_only_the_system_adds_volumes(archive: Archive) -> None:
    (archive.root / "x").mkdir()
    with pytest.raises(Forbidden):
        services.add_volume(
            by=NOBODY, location=f"posix:{archive.root}/x", name="x", storage_set="main"
        )
    assert list((archive.root / "x").iterdir()) == []


def test_a_place_is_one_volume_only(archive: Archive) -> None:
    with pytest.raises(VolumeTaken):
        services.add_volume(
            by=SYSTEM, location=f"posix:{archive.root}/main", name="again", storage_set="main"
        )


def test_a_place_with_other_files_is_refused_and_left_alone(archive: Archive) -> None:
    (archive.root / "x").mkdir()
    (archive.root / "x" / "thesis.doc").write_text("mine")
    with pytest.raises(ForeignFiles):
        services.add_volume(
            by=SYSTEM, location=f"posix:{archive.root}/x", name="x", storage_set="main"
        )
    assert [each.name for each in (archive.root / "x").iterdir()] == ["thesis.doc"]
    assert not Volume.objects.filter(name="x").exists()


def test_a_volume_of_another_hub_is_refused(archive: Archive) -> None:
    archive.add_volume("x")
    Volume.objects.filter(name="x").delete()
    Hub.objects.update(hub=new_id())
    with pytest.raises(VolumeTaken, match="another hub"):
        services.add_volume(
            by=SYSTEM, location=f"posix:{archive.root}/x", name="x", storage_set="main"
        )


def test_a_volume_that_was_taken_out_empty_can_join_again(archive: Archive) -> None:
    id = archive.add_volume("x").id
    Volume.objects.filter(name="x").delete()
    row = services.add_volume(
        by=SYSTEM, location=f"posix:{archive.root}/x", name="x", storage_set="main", role="copy"
    )
    assert row.id == id


def test_a_read_only_volume_is_read_and_not_written(archive: Archive) -> None:
    Volume.objects.filter(name="main").update(state=VolumeState.READONLY)
    store = services.open_store(Volume.objects.get(name="main"))
    with pytest.raises(ReadOnly):
        store.receive("x")
    with pytest.raises(NoSpace):
        services.choose_volume(size=1)


@pytest.mark.parametrize("state", [VolumeState.MISSING, VolumeState.RETIRED])
def test_a_volume_that_is_away_is_not_opened(archive: Archive, state: str) -> None:
    Volume.objects.filter(name="main").update(state=state)
    with pytest.raises(VolumeAway):
        services.open_store(Volume.objects.get(name="main"))


def test_an_empty_mount_point_is_not_the_volume(archive: Archive) -> None:
    forget_opened()
    shutil.rmtree(archive.root / "main")
    (archive.root / "main").mkdir()
    with pytest.raises(VolumeAway):
        services.open_store(Volume.objects.get(name="main"))


def test_what_arrives_goes_to_the_first_main_volume_with_room(archive: Archive) -> None:
    assert services.choose_volume(size=1).name == "main"
    with pytest.raises(NoSpace):
        services.choose_volume(size=1 << 60)


def test_a_volume_that_goes_away_and_comes_back_is_what_it_was(archive: Archive) -> None:
    Volume.objects.filter(name="copy").update(state=VolumeState.READONLY)
    (archive.root / "copy").rename(archive.root / "away")
    services.refresh_volumes()
    assert Volume.objects.get(name="copy").state == VolumeState.MISSING
    (archive.root / "away").rename(archive.root / "copy")
    services.refresh_volumes()
    assert Volume.objects.get(name="copy").state == VolumeState.READONLY


def test_volumes_are_listed_with_their_room(archive: Archive) -> None:
    services.refresh_volumes()
    rows = {each.name: each for each in queries.volumes()}
    assert rows.keys() == {"main", "copy"}
    assert (rows["main"].total or 0) > 0
    assert rows["main"].storage_set == "main"
    assert rows["main"].damaged == {}
