"""The database is lost, and the catalogue comes back from the volumes alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps

from lagan.hub.accounts import services as accounts
from lagan.hub.archive import queries, services
from lagan.hub.archive.errors import NotEmpty, VolumeAway
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services import registry, rooms, volumes
from lagan.hub.archive.services.healing import heal
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.archive.services.snapshots import names
from lagan.hub.archive.services.tables import rows_of
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import BadInput
from lagan.kit.ids import new_id
from lagan.store import FileLine, NoteLine, VoidLine
from tests.hub.archive.shelf import Archive, damage

TABLES = [*rooms.TREE, "accounts.User"]
OURS = ["archive.Hub", "archive.StorageSet", "archive.Volume", "archive.File", "archive.Replica"]


def drop_database() -> None:
    """As far as the archive and the rooms beneath it are concerned."""
    for label in [*TABLES, *OURS]:
        apps.get_model(label).objects.all()._raw_delete("default")
    volumes.forget_opened()


def files() -> list[Any]:
    return list(File.objects.order_by("id").values())


def places(*volume: str) -> set[Any]:
    rows = Replica.objects.filter(volume__name__in=volume or ("main", "copy"))
    return set(rows.values_list("file", "volume", "object", "offset", "length", "line"))


def locations(archive: Archive, *names: str) -> list[str]:
    return [f"posix:{archive.root / name}" for name in names or ("main", "copy")]


def rebuild(archive: Archive, *names: str) -> services.Rebuilt:
    return services.rebuild(by=SYSTEM, locations=locations(archive, *names))


def fill(archive: Archive, count: int = 300) -> list[UUID]:
    chance = random.Random(11)
    contents = [chance.randbytes(chance.randrange(200)) for _ in range(count)]
    return archive.store(contents, packed=True) + archive.store(contents[: count // 10])


def test_thousands_of_files_come_back_from_journals_alone(archive: Archive) -> None:
    ids = fill(archive, 3000)
    replicate(ids)
    known, where = files(), places()
    drop_database()
    rebuilt = rebuild(archive)
    assert files() == known
    assert places() == where
    assert (rebuilt.files, rebuilt.snapshot) == (3300, None)
    assert [rebuilt.damage, rebuilt.conflicts, rebuilt.unclaimed] == [[], [], []]
    assert rebuilt.missing == 0
    assert {each.status for each in queries.health(ids).values()} == {"good"}


def test_with_a_snapshot_everything_comes_back_as_it_was(archive: Archive) -> None:
    accounts.bootstrap()
    accounts.create_user(by=SYSTEM, username="ada", full_name="Ada Lovelace")
    ids = fill(archive)
    replicate(ids)
    services.snapshot(by=SYSTEM)
    before = {label: list(rows_of(apps.get_model(label), SECRET)) for label in [*TABLES, *OURS]}
    drop_database()
    accounts.bootstrap()  # as a hub does at its first start
    rebuilt = rebuild(archive)
    assert rebuilt.snapshot is not None
    for label, rows in before.items():
        assert without_times(rows_of(apps.get_model(label), SECRET)) == without_times(rows), label


SECRET = frozenset(rooms.SECRETS)


def without_times(rows: Any) -> list[dict[str, Any]]:
    hidden = ("seen_at", "replicas_count", "replicas_bytes", "total", "free")
    return [{key: value for key, value in row.items() if key not in hidden} for row in rows]


def test_who_comes_back_has_no_usable_password(archive: Archive) -> None:
    accounts.bootstrap()
    accounts.create_user(by=SYSTEM, username="ada")
    services.snapshot(by=SYSTEM)
    drop_database()
    rebuild(archive)
    user = apps.get_model("accounts.User").objects.get(username="ada")
    assert not user.has_usable_password()


def test_no_secret_is_in_a_snapshot(archive: Archive) -> None:
    accounts.bootstrap()
    user = accounts.create_user(by=SYSTEM, username="ada")
    user.password = "planted-secret"
    user.save()
    shown = str([list(each.export()) for each in registry.exporters()])
    assert "ada" in shown
    assert "planted-secret" not in shown


def test_what_came_after_the_snapshot_is_taken_from_the_journals(archive: Archive) -> None:
    fill(archive, 50)
    services.snapshot(by=SYSTEM)
    later = fill(archive, 50)
    replicate(later)
    known, where = files(), places()
    drop_database()
    rebuild(archive)
    assert files() == known
    assert places() == where


def test_one_volume_is_enough(archive: Archive) -> None:
    replicate(fill(archive))
    known = files()
    shutil.rmtree(archive.root / "main")
    drop_database()
    rebuild(archive, "copy")
    assert files() == known
    assert set(Replica.objects.values_list("volume__name", flat=True)) == {"copy"}


def test_versions_and_owners_come_back(archive: Archive) -> None:
    [first, second] = archive.store([b"version 1", b"version 2"])
    taken: list[FileLine | NoteLine] = []
    services.register_exporter("owners", list, nothing, adopt=taken.extend)
    note = NoteLine("dataset", {"id": 7, "name": "Sea"}, 1.0)
    services.journal(Volume.objects.get(name="main")).append([note])
    drop_database()
    rebuild(archive)
    assert taken[0] == note
    lines = [each for each in taken if isinstance(each, FileLine)]
    assert [each.id for each in lines] == [first, second]
    assert lines[1].belongs == {"dataset": 7, "path": "folder/file 1.dat", "mtime_ns": 1}


def nothing(rows: object) -> None:
    """What a room without rows of its own restores."""


def test_notes_go_with_the_copies(archive: Archive) -> None:
    note = NoteLine("dataset", {"id": 7, "name": "Sea"}, 1.0)

    def describe(belongs: Sequence[Any]) -> list[NoteLine]:
        assert {each["dataset"] for each in belongs} == {7}
        return [note]

    services.register_exporter("owners", list, nothing, describe=describe)
    replicate(archive.store([b"a", b"b"]))
    assert note in list(services.journal(Volume.objects.get(name="copy")).entries())


def test_void_lines_stay_void(archive: Archive) -> None:
    [id] = archive.store([b"a" * 100])
    replicate([id])
    row = Replica.objects.get(volume__name="copy")
    damage(archive.path("copy", row.object))
    Replica.objects.filter(id=row.id).update(state="bad")
    heal([id])
    where = places()
    drop_database()
    rebuild(archive)
    assert places() == where


def test_a_healed_copy_since_the_snapshot_is_where_it_is_now(archive: Archive) -> None:
    [id] = archive.store([b"a" * 100])
    replicate([id])
    services.snapshot(by=SYSTEM)
    Replica.objects.filter(volume__name="copy").update(state="bad")
    heal([id])
    where = places()
    drop_database()
    rebuild(archive)
    assert places() == where


def test_a_damaged_snapshot_is_passed_over_for_an_older_one(archive: Archive) -> None:
    accounts.bootstrap()
    services.snapshot(by=SYSTEM)
    good = names(services.open_store(Volume.objects.get(name="main")))[0]
    services.snapshot(by=SYSTEM)
    newest = names(services.open_store(Volume.objects.get(name="main")))[0]
    for volume in ("main", "copy"):
        path = archive.path(volume, newest)
        damage(path, path.stat().st_size // 2)
    drop_database()
    assert rebuild(archive).snapshot == good


def test_seven_snapshots_are_kept(archive: Archive) -> None:
    for _ in range(9):
        services.snapshot(by=SYSTEM)
    assert len(names(services.open_store(Volume.objects.get(name="copy")))) == 7


def test_a_damaged_line_is_reported_and_its_file_claimed_from_the_snapshot(
    archive: Archive,
) -> None:
    archive.store([b"a", b"b", b"c"])
    services.snapshot(by=SYSTEM)
    known, where = files(), places()
    spoil_line(archive, "main", 2)
    drop_database()
    rebuilt = rebuild(archive)
    assert len(rebuilt.damage) == 1
    assert files() == known
    assert places() == where


def spoil_line(archive: Archive, volume: str, number: int) -> None:
    path = archive.path(volume, ".lagan/journal/000001.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number] = b"x" + lines[number][1:]
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("packed", [False, True])
def test_an_object_without_a_line_is_claimed_by_its_digests(archive: Archive, packed: bool) -> None:
    ids = archive.store([b"a" * 50, b"b" * 50], packed=packed)
    replicate(ids)
    known = files()
    for number in (2, 1):
        spoil_line(archive, "main", number)
    drop_database()
    rebuilt = rebuild(archive)
    assert (rebuilt.claimed, rebuilt.unclaimed) == (2, [])
    assert files() == known
    assert Replica.objects.filter(volume__name="main", state="good").count() == 2


def test_objects_that_belong_to_nobody_are_reported_and_left(archive: Archive) -> None:
    archive.store([b"a", b"b"], packed=True)
    before = archive.objects("main")
    for number in (2, 1):
        spoil_line(archive, "main", number)
    drop_database()
    rebuilt = rebuild(archive)
    assert len(rebuilt.unclaimed) == 2
    assert archive.objects("main") == before


def test_a_copy_that_is_gone_comes_back_as_missing(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"])
    replicate(ids)
    archive.path("main", Replica.objects.get(file=ids[0], volume__name="main").object).unlink()
    drop_database()
    assert rebuild(archive).missing == 1
    assert queries.health(ids)[ids[0]].status == "degraded"


def test_a_volume_that_is_away_comes_back_as_missing_with_its_copies(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"])
    replicate(ids)
    services.snapshot(by=SYSTEM)
    (archive.root / "main").rename(archive.root / "away")
    drop_database()
    rebuilt = rebuild(archive, "copy")
    assert rebuilt.away == ["main"]
    assert Volume.objects.get(name="main").state == "missing"
    assert Replica.objects.filter(volume__name="main").count() == 2


def test_done_again_it_is_refused(archive: Archive) -> None:
    fill(archive, 10)
    with pytest.raises(NotEmpty):
        rebuild(archive)


def test_places_that_are_no_volumes_are_refused(archive: Archive) -> None:
    drop_database()
    (archive.root / "x").mkdir()
    with pytest.raises(VolumeAway):
        rebuild(archive, "x")
    with pytest.raises(BadInput):
        rebuild(archive, "main", "main")
    with pytest.raises(BadInput):
        services.rebuild(by=SYSTEM, locations=[])
    assert not Volume.objects.exists()


def test_the_rebuilt_archive_works_on(archive: Archive) -> None:
    ids = fill(archive, 20)
    drop_database()
    rebuild(archive)
    more = archive.store([b"new"])
    replicate([*ids, *more])
    assert {each.status for each in queries.health([*ids, *more]).values()} == {"good"}
    assert Event.objects.filter(kind="catalogue.rebuilt").count() == 1


@pytest.mark.parametrize("apart", [0, 2500])
def test_of_two_lines_for_one_version_the_later_counts(archive: Archive, apart: int) -> None:
    """A process was killed between journal and COMMIT; what was sent again then got the version.
    `apart` is how many other lines stand between the two."""
    main = Volume.objects.get(name="main")
    [lost] = archive.store([b"never acknowledged"])
    line = next(each for each in services.journal(main).entries() if isinstance(each, FileLine))
    File.objects.filter(id=lost).delete()
    archive.store([b"%d" % n for n in range(apart)], packed=True)
    [kept] = archive.store([b"acknowledged"])
    File.objects.filter(id=kept).update(file_id=line.file_id)
    lines = [each for each in services.journal(main).entries() if isinstance(each, FileLine)]
    again = replace(lines[-1], file_id=line.file_id)
    assert lines[-1].id == kept
    services.journal(main).append([VoidLine(kept, again.stored_at), replace(again, id=new_id())])
    drop_database()
    rebuilt = rebuild(archive)
    assert rebuilt.conflicts == []
    held = File.objects.get(file_id=line.file_id, version=1)
    assert held.sha256 == again.digests.sha256
