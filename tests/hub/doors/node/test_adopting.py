"""A volume of the archive server becomes ours in place, and its catalogue comes back from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lagan.hub.base.actors import SYSTEM
from lagan.hub.doors.node.config import NodeConfig, parse
from lagan.hub.doors.node.models import Disk, DiskEvent, Proof, StoredFile
from lagan.hub.doors.node.volumes import adopting, rebuilding
from lagan.hub.doors.node.volumes.disks import Disks
from lagan.kit.errors import Conflict, NotFound
from lagan.store.journal import FileLine, Journal
from lagan.store.posix import PosixVolume
from tests.hub.doors.node import old_server
from tests.hub.doors.node.old_server import DISK, FILES
from tests.services.node import Node, configuration

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    return parse(configuration(Node(tmp_path, volumes=("volume1",), port=7777)).encode())


@pytest.fixture
def path(tmp_path: Path, config: NodeConfig) -> Path:
    """A volume with files, and the rows that the archive server kept of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        for each in old_server.rows("old:7777", "volume1"):
            if "ngas_subscr" not in each and "ngas_hosts" not in each:
                cursor.execute(each)
    return old_server.volume(tmp_path / "root" / "volumes" / "volume1")


def confirm(path: Path) -> adopting.Confirmed:
    return adopting.confirm(path=path, disk_id=DISK, by=SYSTEM)


def lines(path: Path) -> dict[str, FileLine]:
    found = Journal(PosixVolume(path)).entries()
    return {each.file_id: each for each in found if isinstance(each, FileLine)}


def test_a_volume_with_files_is_told_as_unconfirmed(path: Path, config: NodeConfig) -> None:
    (known,) = adopting.volumes(config)
    assert (known.slot, known.disk_id, known.state) == ("volume1", DISK, "unconfirmed")
    assert (known.files, known.left) == (len(FILES), len(FILES))


def test_every_file_gets_its_digests_and_its_line(path: Path, config: NodeConfig) -> None:
    done = confirm(path)
    assert (done.files, done.bytes, done.damaged) == (2, sum(map(len, FILES.values())), [])
    assert adopting.is_ours(path)
    assert {each.object for each in lines(path).values()} == FILES.keys()
    proof = Proof.objects.get(file_id="b.txt")
    assert proof.sha256 == hashlib.sha256(FILES["saf/2026-11-21/1/b.txt"]).hexdigest()
    assert (proof.line, proof.sha256) == (
        lines(path)["b.txt"].id,
        lines(path)["b.txt"].digests.sha256,
    )
    assert [each.state for each in adopting.volumes(config)] == ["ours"]
    assert DiskEvent.objects.get(hist_synopsis="Disk Confirmed").disk_id == DISK


def test_again_it_reads_nothing_and_writes_nothing(path: Path) -> None:
    confirm(path)
    seen: list[int] = []
    adopting.confirm(path=path, disk_id=DISK, by=SYSTEM, watch=lambda n, _: seen.append(n))
    assert seen == []
    assert len(list(Journal(PosixVolume(path)).entries())) == len(FILES)


def test_stopped_in_the_middle_it_goes_on_where_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopting, "BATCH", 1)

    def stop_at_second(files: int, _: int) -> None:
        seen.append(files)
        if len(seen) == 2:
            raise KeyboardInterrupt

    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        adopting.confirm(path=path, disk_id=DISK, by=SYSTEM, watch=stop_at_second)
    assert Proof.objects.count() == 1
    assert not adopting.is_ours(path)
    confirm(path)
    assert lines(path).keys() == {"rnd.bin", "b.txt"}


def test_killed_before_it_was_prepared_no_line_comes_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adopting, "prepare", away)
        with pytest.raises(KeyboardInterrupt):
            confirm(path)
    assert not adopting.is_ours(path)
    confirm(path)
    assert len(list(Journal(PosixVolume(path)).entries())) == len(FILES)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda file: file.unlink(), "is not on the disk"),
        (lambda file: file.write_bytes(b"wordz\n"), "its checksum is"),
        (lambda file: file.write_bytes(b"word"), "it has 4 bytes, not 6"),
        (lambda file: (file.unlink(), file.symlink_to("/etc/hostname")), "cannot be read"),
    ],
)
def test_what_is_not_as_catalogued_is_marked(path: Path, harm: object, words: str) -> None:
    file = path / "saf/2026-11-21/1/b.txt"
    file.chmod(0o644)
    harm(file)  # type: ignore[operator]
    (said,) = confirm(path).damaged
    assert words in said
    assert StoredFile.objects.get(file_id="b.txt").file_status == "10000000"
    assert not Proof.objects.filter(file_id="b.txt").exists()
    assert lines(path).keys() == {"rnd.bin"}


def test_what_was_marked_and_is_in_order_again_is_not_marked_any_more(path: Path) -> None:
    StoredFile.objects.filter(file_id="b.txt").update(file_status="10000000")
    confirm(path)
    assert StoredFile.objects.get(file_id="b.txt").file_status == "00000000"


def test_a_checksum_of_an_unknown_plug_in_is_no_damage(path: Path) -> None:
    StoredFile.objects.filter(file_id="b.txt").update(checksum="?", checksum_plugin="siteMd5")
    assert confirm(path).damaged == []


def test_a_disk_that_nobody_catalogued_is_refused(tmp_path: Path) -> None:
    path = old_server.volume(tmp_path / "v")
    with pytest.raises(NotFound, match="knows no disk"):
        confirm(path)


def test_two_at_once_are_refused(path: Path) -> None:
    from lagan.hub.base import locks

    with locks.advisory(f"node.confirm.{DISK}"), pytest.raises(Conflict, match="just now"):
        confirm(path)


def rebuilt(config: NodeConfig) -> rebuilding.Rebuilt:
    (done,) = rebuilding.rebuild(config=config, host_id="new:7777", by=SYSTEM)
    return done


COLUMNS = (
    *("file_id", "file_version", "disk_id", "file_name", "file_size", "format", "checksum"),
    *("checksum_plugin", "ingestion_date", "creation_date", "compression", "container_id"),
    *("uncompressed_file_size", "file_status"),
)


def test_the_catalogue_comes_back_from_the_volume(path: Path, config: NodeConfig) -> None:
    StoredFile.objects.filter(file_id="b.txt").update(container_id="c0ffee")
    confirm(path)
    before = list(StoredFile.objects.order_by("file_id").values(*COLUMNS))
    proofs = list(Proof.objects.order_by("file_id").values("file_id", "line", "sha256", "crc32c"))
    for model in (StoredFile, Proof, Disk, DiskEvent):
        model.objects.all().delete()
    done = rebuilt(config)
    assert (done.files, done.added, done.missing, done.damage) == (2, 2, [], [])
    assert list(StoredFile.objects.order_by("file_id").values(*COLUMNS)) == before
    now = list(Proof.objects.order_by("file_id").values("file_id", "line", "sha256", "crc32c"))
    assert now == proofs
    disk = Disk.objects.get(pk=DISK)
    assert (disk.number_of_files, disk.bytes_stored) == (2, sum(map(len, FILES.values())))
    assert (disk.mounted, disk.host_id) == (0, "")


def test_what_the_catalogue_knows_stays(path: Path, config: NodeConfig) -> None:
    confirm(path)
    StoredFile.objects.filter(file_id="b.txt").update(container_id="later")
    done = rebuilt(config)
    assert (done.files, done.added) == (2, 0)
    assert StoredFile.objects.get(file_id="b.txt").container_id == "later"


def test_what_was_removed_does_not_come_back(path: Path, config: NodeConfig) -> None:
    from lagan.store.journal import VoidLine

    confirm(path)
    Journal(PosixVolume(path)).append([VoidLine(lines(path)["b.txt"].id, 0.0)])
    # An older database is put back: it has the row, and no proof.
    Proof.objects.filter(file_id="b.txt").delete()
    done = rebuilt(config)
    assert (done.files, done.removed) == (1, 1)
    assert list(StoredFile.objects.values_list("file_id", flat=True)) == ["rnd.bin"]


def test_a_copy_that_is_gone_is_told_and_marked(path: Path, config: NodeConfig) -> None:
    confirm(path)
    StoredFile.objects.all().delete()
    (path / "saf/2026-11-21/1/b.txt").unlink()
    (said,) = rebuilt(config).missing
    assert "b.txt" in said
    assert StoredFile.objects.get(file_id="b.txt").file_status == "10000000"


def test_a_disk_that_was_never_confirmed_is_told_and_left_alone(
    path: Path, config: NodeConfig
) -> None:
    done = rebuilt(config)
    assert (done.journal, done.files) == (False, 0)
    assert StoredFile.objects.count() == len(FILES)


def test_a_disk_that_the_catalogue_does_not_know_brings_its_files_along(
    path: Path, config: NodeConfig
) -> None:
    confirm(path)
    before = list(StoredFile.objects.order_by("file_id").values(*COLUMNS))
    for model in (StoredFile, Proof, Disk):
        model.objects.all().delete()
    disks = Disks(config, "new:7777")
    disks.mount()
    rebuilding.take_in_strangers(disks, SYSTEM)
    assert list(StoredFile.objects.order_by("file_id").values(*COLUMNS)) == before
    (disk,) = disks
    assert disk.row.number_of_files == len(FILES)


def test_a_file_that_took_an_id_and_version_meanwhile_is_told(
    path: Path, config: NodeConfig
) -> None:
    confirm(path)
    for model in (StoredFile, Proof):
        model.objects.filter(file_id="rnd.bin").delete()
    Proof.objects.filter(file_id="b.txt").update(crc32c=1)
    (said,) = rebuilt(config).conflicts
    assert said == f"b.txt v1 is another file on {DISK}"
