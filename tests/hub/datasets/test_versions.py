"""Old versions come back and files are taken away while a dataset is open, and losing the database
changes neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from lagan.hub.accounts import services as accounts
from lagan.hub.archive import queries as archive_queries
from lagan.hub.archive import services as archive
from lagan.hub.archive.models import File, Replica, Volume
from lagan.hub.archive.services.healing import heal
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.archive.services.scrubbing import scrub
from lagan.hub.archive.services.volumes import forget_opened
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import queries, services
from lagan.hub.datasets.models import Dataset, Entry, RemovedEntry
from lagan.hub.ingest.intake import Arrived, _line
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, Forbidden, NotFound, Unavailable
from lagan.kit.ids import new_id

TABLES = (
    *("datasets.RemovedEntry", "datasets.Entry", "datasets.LogLine", "datasets.Dataset"),
    *("archive.Replica", "archive.File", "archive.Volume", "archive.StorageSet", "archive.Hub"),
    *("tree.Grant", "tree.Metadata", "tree.Membership", "accounts.User", "tree.Entity"),
)


@dataclass(frozen=True)
class People:
    """Who owns the dataset, who may read it, and who may nothing."""

    owner: Actor
    mate: Actor
    stranger: Actor


@dataclass
class Bench:
    """An open dataset of the owner's on two volumes."""

    root: Path
    people: People
    dataset: int

    def put(self, path: str, data: bytes, *, by: Actor | None = None) -> int:
        """Store a file as ingest does, in this thread; its version."""
        by = by or self.people.owner
        volume, at, id = Volume.objects.get(name="main"), timezone.now(), new_id()
        store = archive.open_store(volume)
        incoming = store.receive(id.hex)
        incoming.write([data])
        digests = incoming.digests()
        name = archive.object_name(id=id, name=path.rpartition("/")[2], at=at)
        store.publish([(incoming, name)])
        arrival = services.Arrival(self.dataset, path, id, digests, 1_700_000_000_000_000_000)
        (outcome,) = services.attach([arrival], at=at)
        assert isinstance(outcome, services.Attached)
        line = _line(name, Arrived(arrival, 0, len(data)), outcome, at, by)
        archive.journal(volume).append([*services.notes({self.dataset}), line])
        archive.record_files(volume=volume.pk, stored_at=at, files=[line])
        return outcome.place.version

    def content(self, path: str, version: int | None = None) -> bytes:
        entry = queries.entry(self.people.owner, self.dataset, path, version)
        place = archive_queries.locate(entry.stored)
        pieces = place.store.read(place.object, place.offset, place.length)
        return b"".join(bytes(piece) for piece in pieces)

    def versions(self, path: str) -> list[tuple[int, bool, int | None]]:
        found = queries.versions(self.people.owner, self.dataset, path)
        return [(each.version, each.current, each.restored) for each in found]

    def restore(self, path: str, version: int) -> int:
        made = services.restore_version(
            by=self.people.owner, dataset=self.dataset, path=path, version=version
        )
        return made.version

    def remove(self, *paths: str) -> None:
        services.remove_files(by=self.people.owner, dataset=self.dataset, paths=paths)

    def objects(self, volume: str = "main") -> set[str]:
        root = self.root / volume
        found = {each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()}
        return {each for each in found if not each.startswith(".lagan/")}

    def lose_database(self, *volumes: str) -> None:
        """All rows are gone, and come back from volumes."""
        for label in TABLES:
            apps.get_model(label).objects.all()._raw_delete("default")
        forget_opened()
        places = [f"posix:{self.root / name}" for name in volumes or ("main", "copy")]
        archive.rebuild(by=SYSTEM, locations=places)

    def paths(self) -> set[str]:
        return set(Entry.objects.filter(dataset=self.dataset).values_list("path", flat=True))

    def file_count(self) -> int:
        return Dataset.objects.get(pk=self.dataset).file_count


@pytest.fixture
def bench(db: None, tmp_path: Path) -> Iterator[Bench]:
    forget_opened()
    root = accounts.bootstrap().root
    made = [
        accounts.create_user(by=SYSTEM, username=each) for each in ("owner", "mate", "stranger")
    ]
    people = People(*(Actor(each.entity_id, each.username, "jwt") for each in made))
    for name, role in (("main", "main"), ("copy", "copy")):
        (tmp_path / name).mkdir()
        archive.add_volume(
            by=SYSTEM, location=f"posix:{tmp_path / name}", name=name, storage_set="s", role=role
        )
    dataset = services.create_dataset(
        by=SYSTEM, name="run 7", group=root.pk, owner=people.owner.entity
    ).pk
    assert people.mate.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=people.mate.entity, object=dataset, grant={"DATASET_READ"}, deny=set()
    )
    yield Bench(tmp_path, people, dataset)
    forget_opened()


def test_versions_are_listed_with_who_and_when(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two, longer", by=bench.people.mate)
    newest, first = queries.versions(bench.people.mate, bench.dataset, "a.txt")
    assert (newest.version, newest.current, newest.by, newest.size) == (2, True, "mate", 11)
    assert (first.version, first.current, first.by, first.size) == (1, False, "owner", 3)
    assert newest.added > first.added
    assert bench.content("a.txt", 1) == b"one"
    assert bench.content("a.txt") == b"two, longer"


def test_a_restored_version_is_the_newest_and_has_no_second_copy(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two")
    before = bench.objects()
    assert bench.restore("a.txt", 1) == 3
    assert bench.objects() == before
    assert bench.content("a.txt") == b"one"
    assert bench.versions("a.txt") == [(3, True, 1), (2, False, None), (1, False, None)]
    assert bench.put("a.txt", b"four") == 4


def test_what_is_there_already_is_restored_by_doing_nothing(bench: Bench) -> None:
    for content in (b"one", b"two", b"one"):
        bench.put("a.txt", content)
    assert bench.restore("a.txt", 3) == 3
    assert bench.restore("a.txt", 1) == 3
    assert len(bench.versions("a.txt")) == 3


def test_what_never_was_cannot_be_restored(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    for path, version in (("a.txt", 9), ("b.txt", 1)):
        with pytest.raises(NotFound):
            bench.restore(path, version)


def test_a_removed_file_is_gone_and_its_versions_are_not(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("b.txt", b"stays")
    bench.remove("a.txt")
    assert bench.paths() == {"b.txt"}
    assert bench.file_count() == 1
    with pytest.raises(NotFound):
        bench.content("a.txt")
    assert bench.content("a.txt", 1) == b"one"
    (row,) = queries.removed(bench.people.owner, bench.dataset).items
    assert (row.path, row.version, row.by) == ("a.txt", 1, "owner")
    log = queries.log(bench.people.owner, bench.dataset).items[0]
    assert (log.level, log.text) == ("WARN", "Removed a.txt.")


def test_a_removed_file_comes_back_by_restoring_or_by_sending_it_again(bench: Bench) -> None:
    for path in ("a.txt", "b.txt"):
        bench.put(path, b"one")
    bench.remove("a.txt", "b.txt")
    assert bench.restore("a.txt", 1) == 2
    assert bench.put("b.txt", b"one") == 2  # goes on where it was, the same content or not
    assert bench.paths() == {"a.txt", "b.txt"}
    assert bench.file_count() == 2
    assert queries.removed(bench.people.owner, bench.dataset).items == []
    assert bench.versions("b.txt") == [(2, True, None), (1, False, None)]


def test_a_removal_of_many_is_all_or_nothing(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    with pytest.raises(NotFound, match="nowhere"):
        bench.remove("a.txt", "nowhere")
    with pytest.raises(BadInput):
        bench.remove()
    assert bench.paths() == {"a.txt"}


@pytest.mark.parametrize("act", ["restore", "remove"])
def test_only_who_may_change_the_dataset(bench: Bench, act: str) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two")
    given: dict[str, Any] = {
        "restore": {"path": "a.txt", "version": 1},
        "remove": {"paths": ["a.txt"]},
    }
    verbs: dict[str, Callable[..., object]] = {
        "restore": services.restore_version,
        "remove": services.remove_files,
    }
    for who, refusal in ((bench.people.mate, Forbidden), (bench.people.stranger, NotFound)):
        with pytest.raises(refusal):
            verbs[act](by=who, dataset=bench.dataset, **given[act])
    with pytest.raises(NotFound):
        queries.versions(bench.people.stranger, bench.dataset, "a.txt")
    assert bench.versions("a.txt") == [(2, True, None), (1, False, None)]


def test_after_the_close_nothing_of_it_changes_anything(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two")
    services.close_dataset(by=bench.people.owner, dataset=bench.dataset)
    for act in (lambda: bench.restore("a.txt", 1), lambda: bench.remove("a.txt")):
        with pytest.raises(services.NotOpen):
            act()
    assert bench.versions("a.txt") == [(2, True, None), (1, False, None)]


def test_without_a_volume_to_write_to_nothing_changes(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two")
    Volume.objects.update(state="readonly")
    for act in (lambda: bench.restore("a.txt", 1), lambda: bench.remove("a.txt")):
        with pytest.raises(Unavailable):
            act()
    assert bench.versions("a.txt") == [(2, True, None), (1, False, None)]


def test_a_rebuild_knows_what_was_restored_and_removed(bench: Bench) -> None:
    for path in ("restored", "removed", "both", "again"):
        bench.put(path, b"one")
        bench.put(path, b"two")
    bench.restore("restored", 1)
    bench.remove("removed", "both", "again")
    bench.restore("both", 1)
    bench.put("again", b"three")
    before = {path: bench.versions(path) for path in ("restored", "removed", "both", "again")}
    bench.lose_database()
    assert bench.paths() == {"restored", "both", "again"}
    assert {path: bench.versions(path) for path in before} == before
    assert bench.content("restored") == bench.content("both") == b"one"
    assert bench.file_count() == 3
    assert set(RemovedEntry.objects.values_list("path", flat=True)) == {"removed"}
    assert bench.restore("removed", 2) == 3


def test_a_removal_after_the_snapshot_is_not_undone_by_it(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("b.txt", b"one")
    archive.snapshot(by=SYSTEM)
    bench.remove("a.txt")
    bench.lose_database()
    assert bench.paths() == {"b.txt"}
    assert bench.file_count() == 1


def test_a_copy_made_later_knows_of_the_removal(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("b.txt", b"one")
    bench.remove("a.txt")
    replicate(list(File.objects.values_list("id", flat=True)))
    bench.lose_database("copy")
    assert bench.paths() == {"b.txt"}
    assert bench.content("a.txt", 1) == b"one"


def test_taking_in_a_journal_again_changes_nothing(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.remove("a.txt")
    bench.put("b.txt", b"one")
    bench.put("b.txt", b"two")
    bench.restore("b.txt", 1)
    before = list(Entry.objects.values()), Dataset.objects.values().get(pk=bench.dataset)
    archive.take_in(by=SYSTEM, volume=Volume.objects.get(name="main"))
    assert (list(Entry.objects.values()), Dataset.objects.values().get(pk=bench.dataset)) == before


def test_bytes_that_two_versions_share_are_checked_and_healed_for_both(bench: Bench) -> None:
    bench.put("a.txt", b"one")
    bench.put("a.txt", b"two")
    bench.restore("a.txt", 1)
    ids = list(File.objects.values_list("id", flat=True))
    replicate(ids)
    main = Volume.objects.get(name="main")
    shared = Replica.objects.get(volume=main, file__version=1).object
    assert Replica.objects.get(volume=main, file__version=3).object == shared
    place = bench.root / "main" / shared
    place.chmod(0o644)
    place.write_bytes(b"0ne")
    scrub(main, [shared])
    states = Replica.objects.filter(volume=main).order_by("file__version")
    assert list(states.values_list("state", flat=True)) == ["bad", "good", "bad"]
    heal(ids)
    assert list(states.values_list("state", flat=True)) == ["good"] * 3
    assert bench.content("a.txt", 1) == bench.content("a.txt", 3) == b"one"
    assert shared not in bench.objects()
    bench.lose_database("main")
    assert bench.content("a.txt") == b"one"
