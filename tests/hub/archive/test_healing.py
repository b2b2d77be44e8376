"""Damage is found, named right and healed: exactly when a good copy can be read, and never from a
bad one."""

from __future__ import annotations

import itertools
import shutil
from uuid import UUID

import pytest

from lagan.hub.archive import queries
from lagan.hub.archive.models import Replica, Volume, VolumeState
from lagan.hub.archive.services.healing import heal
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.archive.services.scrubbing import objects_of, scrub
from lagan.hub.archive.services.volumes import forget_opened, refresh_volumes
from lagan.hub.audit.models import Event
from lagan.kit.errors import LaganError
from tests.hub.archive.shelf import Archive, damage

STATES = ("good", "bad", "missing", "unreachable")
MIXES = [mix for copies in (2, 3, 4) for mix in itertools.product(STATES, repeat=copies)]
DATA = b"what must not be lost" * 50


def test_there_are_336_mixes() -> None:
    assert len(MIXES) == 336


@pytest.mark.parametrize(
    "packed",
    [pytest.param(False, id="alone"), pytest.param(True, id="packed", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    "mix",
    [
        pytest.param(mix, marks=[pytest.mark.once] * (len(mix) > 3), id="-".join(mix))
        for mix in MIXES
    ],
)
def test_a_mix_is_healed_exactly_when_a_good_copy_can_be_read(
    archive: Archive, mix: tuple[str, ...], packed: bool
) -> None:
    names = ["main", "copy", "third", "fourth"][: len(mix)]
    for name in names[2:]:
        archive.add_volume(name)
    id, other = archive.store([DATA, b"neighbour"], packed=packed)
    replicate([id, other])
    for name, state in zip(names, mix, strict=True):
        spoil(archive, name, state, id)
    before = {name: held(archive, name, id) for name in names}

    refresh_volumes()
    for name in names:
        row = Volume.objects.get(name=name)
        if row.state == VolumeState.ONLINE:
            scrub(row, list(objects_of(row)))
    outcome = heal([id, other])

    curable = "good" in mix
    for name, state in zip(names, mix, strict=True):
        if state != "unreachable" and curable:
            assert content(archive, name, id) == DATA
        else:
            assert held(archive, name, id) == before[name]
    assert (id in outcome.failed) == (not curable and mix.count("unreachable") < len(mix))


def spoil(archive: Archive, name: str, state: str, file: UUID) -> None:
    row = Replica.objects.get(file=file, volume__name=name)
    path = archive.path(name, row.object)
    if state == "bad":
        damage(path, row.offset + 7)
    elif state == "missing":
        path.unlink()
    elif state == "unreachable":
        (archive.root / name).rename(archive.root / f"{name} is away")
        forget_opened()


def held(archive: Archive, name: str, file: UUID) -> tuple[str, bytes | None]:
    """The file's object on a volume, wherever that is, and what is in it."""
    root = archive.root / name
    root = root if root.exists() else archive.root / f"{name} is away"
    row = Replica.objects.get(file=file, volume__name=name)
    path = root / row.object
    return row.object, path.read_bytes() if path.exists() else None


def content(archive: Archive, name: str, file: UUID) -> bytes:
    row = Replica.objects.get(file=file, volume__name=name)
    assert row.state == "good"
    data = archive.path(name, row.object).read_bytes()
    return data[row.offset : row.offset + row.length]


def two_copies(archive: Archive, data: bytes = DATA) -> UUID:
    id = archive.store_one(data)
    replicate([id])
    return id


def scrub_all(name: str, **how: str) -> None:
    row = Volume.objects.get(name=name)
    scrub(row, list(objects_of(row)), **how)  # type: ignore[arg-type]


def test_a_source_that_proves_bad_is_passed_over_and_healed_too(archive: Archive) -> None:
    archive.add_volume("third")
    id = two_copies(archive)
    spoil(archive, "main", "bad", id)  # the catalogue does not know yet
    Replica.objects.filter(volume__name="copy").update(state="bad")
    heal([id])
    for name in ("main", "copy", "third"):
        assert content(archive, name, id) == DATA


def test_the_damaged_object_is_gone_after_healing_and_its_line_is_void(archive: Archive) -> None:
    id = two_copies(archive)
    old = Replica.objects.get(volume__name="copy").object
    spoil(archive, "copy", "bad", id)
    scrub_all("copy")
    heal([id])
    new = Replica.objects.get(volume__name="copy").object
    assert archive.objects("copy") == {new}
    assert new != old


def test_what_was_done_is_on_record(archive: Archive) -> None:
    id = two_copies(archive)
    spoil(archive, "copy", "bad", id)
    scrub_all("copy")
    scrub_all("copy")
    heal([id])
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert kinds[-2:] == ["file.damaged", "file.healed"]


def test_a_file_without_a_good_copy_is_reported_lost(archive: Archive) -> None:
    id = two_copies(archive)
    for name in ("main", "copy"):
        spoil(archive, name, "bad", id)
        scrub_all(name)
    heal([id])
    assert queries.health([id])[id].status == "lost"
    assert Event.objects.filter(kind="file.lost").count() == 1


def test_a_copy_that_was_only_away_counts_again_without_being_copied(archive: Archive) -> None:
    id = two_copies(archive)
    path = archive.path("copy", Replica.objects.get(volume__name="copy").object)
    shutil.move(path, archive.root / "aside")
    scrub_all("copy")
    assert Replica.objects.get(volume__name="copy").state == "missing"
    shutil.move(archive.root / "aside", path)
    before = archive.objects("copy")
    heal([id])
    assert Replica.objects.get(volume__name="copy").state == "good"
    assert archive.objects("copy") == before


def test_a_damaged_copy_on_a_read_only_volume_waits(archive: Archive) -> None:
    id = two_copies(archive)
    spoil(archive, "copy", "bad", id)
    scrub_all("copy")
    Volume.objects.filter(name="copy").update(state=VolumeState.READONLY)
    outcome = heal([id])
    assert outcome.failed[id].code == "conflict"
    assert Replica.objects.get(volume__name="copy").state == "bad"


def test_a_healthy_file_is_left_alone(archive: Archive) -> None:
    id = two_copies(archive)
    before = archive.objects("copy")
    assert heal([id]).needless == {id}
    assert archive.objects("copy") == before


def test_healing_one_member_leaves_its_pack_to_the_others(archive: Archive) -> None:
    ids = archive.store([b"a" * 99, b"b" * 99, b"c" * 99], packed=True)
    replicate(ids)
    row = Replica.objects.get(file=ids[1], volume__name="copy")
    damage(archive.path("copy", row.object), row.offset)
    scrub_all("copy")
    states = dict(Replica.objects.filter(volume__name="copy").values_list("file", "state"))
    assert states == {ids[0]: "good", ids[1]: "bad", ids[2]: "good"}
    heal([ids[1]])
    for id in ids:
        assert content(archive, "copy", id) == archive.content[id]


def test_errors_of_healing_are_refusals(archive: Archive) -> None:
    id = two_copies(archive)
    spoil(archive, "main", "missing", id)
    spoil(archive, "copy", "missing", id)
    scrub_all("main")
    scrub_all("copy")
    assert isinstance(heal([id]).failed[id], LaganError)
