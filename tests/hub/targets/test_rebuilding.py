"""The database is lost: what sites keep comes back from the volumes alone, under its names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.apps import apps

from lagan.hub.base.actors import SYSTEM
from tests.hub.archive.shelf import Archive
from tests.hub.targets.conftest import Volumes, get, put

if TYPE_CHECKING:
    from lagan.hub.archive.services import Rebuilt

OURS = ("TargetNote", "TargetObject", "TargetUpload", "Participant", "Target")
THEIRS = ("Replica", "File", "Volume", "StorageSet", "Hub")


def drop_database() -> None:
    """As far as the archive and what sites keep are concerned."""
    from lagan.hub.archive.services.volumes import forget_opened

    for name in OURS:
        apps.get_model("targets", name).objects.all()._raw_delete("default")
    for name in THEIRS:
        apps.get_model("archive", name).objects.all()._raw_delete("default")
    forget_opened()


def rebuild(archive: Archive, *names: str) -> Rebuilt:
    from lagan.hub.archive import services

    return services.rebuild(by=SYSTEM, locations=[f"posix:{archive.root / n}" for n in names])


@pytest.mark.parametrize("snapshot", [False, True])
def test_objects_notes_and_who_is_together_come_back(
    archive: Archive, volume_of: Volumes, snapshot: bool
) -> None:
    from lagan.hub.archive import services
    from lagan.hub.targets.models import Participant
    from lagan.hub.targets.sharing import put_together

    lab, office = volume_of("lab"), volume_of("office")
    put(lab, one=b"1", two=b"2", gone=b"x")
    lab.replace(".lagan/hsm/one.json", b"older")
    lab.append(".lagan/log.jsonl", b"a\n")
    if snapshot:
        services.snapshot(by=SYSTEM)
    put(lab, large=b"large" * 500_000)
    lab.delete("gone")
    lab.replace(".lagan/hsm/one.json", b"newer")
    lab.append(".lagan/log.jsonl", b"b\n")
    lab.append(".lagan/log.jsonl", b"b\n")
    lab.replace(".lagan/hsm/two.json", b"x")
    lab.delete(".lagan/hsm/two.json")
    put_together(by=SYSTEM, target="archive", sites=["lab", "office"])
    before = {each.name: get(lab, each.name) for each in lab.list()}
    counted = Participant.objects.get(site="lab")
    drop_database()
    rebuild(archive, "main")
    after = {each.name: get(lab, each.name) for each in lab.list()}
    assert after == before == {"one": b"1", "two": b"2", "large": b"large" * 500_000}
    assert get(lab, ".lagan/hsm/one.json") == b"newer"
    assert get(lab, ".lagan/log.jsonl") == b"a\nb\nb\n"
    assert [each.name for each in lab.list(".lagan/")] == [
        ".lagan/hsm/one.json",
        ".lagan/log.jsonl",
    ]
    assert get(office, "one") == b"1", "the sites are no more together"
    now = Participant.objects.get(site="lab")
    assert (now.objects_count, now.objects_bytes) == (
        counted.objects_count,
        counted.objects_bytes,
    )
    put(lab, fresh=b"goes on")


def test_a_copy_alone_is_enough(archive: Archive, volume_of: Volumes) -> None:
    from lagan.hub.archive.models import File
    from lagan.hub.archive.services.replicating import replicate

    lab = volume_of("lab")
    put(lab, one=b"1", two=b"2")
    lab.replace(".lagan/hsm/one.json", b"known")
    replicate(list(File.objects.values_list("pk", flat=True)))
    drop_database()
    rebuild(archive, "copy")
    assert {each.name: get(lab, each.name) for each in lab.list()} == {"one": b"1", "two": b"2"}
    assert get(lab, ".lagan/hsm/one.json") == b"known"
