"""What nobody needs goes in the end, and nothing else: the grace time, other sites, clones, renamed
files, whatever cannot be looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.hsm import marker, tombstones
from lagan.hsm.errors import Busy, MissingAtTarget
from lagan.hsm.reconciling import needs
from lagan.hsm.reconciling.reconcile import reconcile
from lagan.hsm.roots import name_of
from lagan.worker.site import sending, tiering
from tests.hsm.reconciling.sites import Sites, clone


def test_a_deleted_files_object_goes_after_the_grace_time_and_not_before(sites: Sites) -> None:
    path = sites.migrated("run/scan.dat")
    sites.reconcile()
    sites.delete(path)
    assert sites.stones() == {"run/scan.dat": "deleted"}
    sites.later(2)
    sites.later(27)
    assert sites.objects() == {"run/scan.dat"}
    sites.later(2)
    sites.reconcile("north")  # by now both have been looked through since
    assert sites.objects() == set()
    assert sites.stones() == {}
    assert sites.target.record("run/scan.dat") is None


def test_deleting_twice_is_deleting_once(sites: Sites) -> None:
    path = sites.migrated("data")
    assert sites.delete(path).failed == sites.delete(path).failed == {}
    assert sites.objects() == {"data"}


def test_nothing_goes_while_another_site_has_not_looked(sites: Sites) -> None:
    other = sites.migrated("other", site="south")
    sites.delete(sites.migrated("data"))
    for _ in range(3):
        sites.pass_days(40)
        report = sites.reconcile("north")
    assert report.waits_for == [name_of(sites.roots["south"])]
    assert sites.objects() == {"data", "other"}
    with sites.at("north"):
        assert needs.forget(sites.target.volume, name_of(sites.roots["south"]))
    other.unlink()
    sites.later()
    sites.later()
    assert "data" not in sites.objects()


def test_a_stub_at_another_site_keeps_its_object(sites: Sites) -> None:
    path = sites.migrated("data")
    there = sites.send(path)
    sites.delete(path)
    for _ in range(4):
        sites.later()
    sites.expect_nothing_lost()
    assert sites.objects() == {"data"}
    there.unlink()
    for _ in range(4):
        sites.later()
    assert sites.objects() == set()


def test_a_stub_that_comes_after_the_deletion_keeps_it_too(sites: Sites) -> None:
    path = sites.migrated("data")
    sites.send(path).unlink()
    sites.reconcile()
    sites.delete(path)
    sites.pass_days(29)
    sites.do(sending.receive, path, site="south")
    sites.pass_days(2)
    sites.reconcile("north")
    sites.reconcile("north")
    sites.expect_nothing_lost()
    assert sites.objects() == {"data"}


def test_a_clone_keeps_its_object(sites: Sites) -> None:
    path = sites.migrated("data")
    copy = clone(path, sites.roots["north"] / "copies/data")
    assert sites.reconcile("north").counts["clone"] == 1
    sites.delete(path)
    for _ in range(4):
        sites.later()
    sites.expect_nothing_lost()
    sites.do(tiering.recall, copy)
    assert copy.stat().st_blocks > 8
    copy.unlink()
    for _ in range(4):
        sites.later()
    assert sites.objects() == set()


def test_hard_links_are_no_clones(sites: Sites) -> None:
    path = sites.migrated("data")
    os.link(path, path.with_name("other name"))
    assert sites.reconcile("north").counts["clone"] == 0
    sites.delete(path)
    assert sites.stones() == {}


def test_a_renamed_stub_keeps_its_object_and_its_record_follows(sites: Sites) -> None:
    path = sites.migrated("data")
    moved = path.rename(path.with_name("moved"))
    assert sites.reconcile("north").counts["renamed"] == 1
    told = sites.target.record("moved")
    assert told is not None
    assert told.object == "data"
    assert sites.target.record("data") is None
    for _ in range(3):
        sites.later()
    sites.expect_nothing_lost()
    assert sites.reconcile("north").counts == {"files": 1}
    assert moved.exists()


def test_a_file_removed_without_lagan_is_noticed(sites: Sites) -> None:
    sites.migrated("data").unlink()
    assert sites.reconcile("north").counts["gone"] == 1
    assert sites.stones() == {"data": "gone"}
    sites.later()
    sites.later()
    assert sites.objects() == set()


def test_the_older_content_of_a_file_goes_too(sites: Sites) -> None:
    path = sites.migrated("data")
    path.unlink()
    path.write_bytes(b"other content" * 1000)
    sites.migrate(path)
    assert sites.stones() == {"data": "replaced"}
    sites.later()
    sites.later()
    assert sites.objects() == sites.needed()
    sites.expect_nothing_lost()


def test_what_is_missing_or_has_another_size_is_told(sites: Sites) -> None:
    paths = [sites.migrated(name) for name in ("a", "b", "c")]
    (sites.bucket / "a").unlink()
    (sites.bucket / "b").write_bytes(b"short")
    said: list[tuple[str, str]] = []
    with sites.at("north"):
        reconcile(
            sites.target.volume,
            sites.roots["north"],
            {"north"},
            say=lambda *told: said.append(told),
        )
    assert sorted(said) == [("damaged", "b"), ("missing", "a")]
    assert all(each.exists() for each in paths)


def test_objects_of_which_nothing_speaks_stay_unless_one_asks(sites: Sites) -> None:
    sites.reconcile()
    (sites.bucket / "someone else's").write_bytes(b"theirs")
    assert sites.reconcile("north").counts["orphan"] == 1
    sites.later()
    sites.later()
    assert sites.objects() == {"someone else's"}
    for _ in range(3):
        sites.later(orphans=True)
    assert sites.objects() == set()


def test_while_not_all_can_be_looked_at_nothing_goes(sites: Sites) -> None:
    sites.delete(sites.migrated("data"))
    odd = sites.make("odd")
    os.setxattr(odd, marker.NAME, b"nobody can read this")
    for _ in range(3):
        sites.later()
    assert not sites.reconcile("north").whole
    assert sites.objects() == {"data"}
    os.removexattr(odd, marker.NAME)
    sites.later()
    sites.later()
    assert sites.objects() == set()


def test_a_dry_run_changes_nothing(sites: Sites) -> None:
    sites.migrated("gone").unlink()
    sites.delete(sites.migrated("deleted"))
    sites.migrated("moved").rename(sites.roots["north"] / "there")
    sites.reconcile()
    sites.pass_days(100)
    sites.reconcile("south")
    sites.migrated("gone later").unlink()

    def everything() -> dict[Path, bytes]:
        return {each: each.read_bytes() for each in sites.bucket.rglob("*") if each.is_file()}

    before = everything()
    report = sites.reconcile("north", dry_run=True)
    assert report.counts["gone"] == 1
    assert report.counts["removable"] == 2
    assert report.freed == 18_000
    assert everything() == before
    assert sites.reconcile("north").counts["removed"] == 2


def test_one_folder_is_reconciled_once_at_a_time(sites: Sites) -> None:
    def again(*_: object) -> None:
        with pytest.raises(Busy):
            sites.reconcile("north")

    sites.migrated("data").unlink()
    with sites.at("north"):
        reconcile(sites.target.volume, sites.roots["north"], {"north"}, say=again)


def test_a_removed_file_is_made_again(sites: Sites) -> None:
    path = sites.make("run/scan.dat")
    path.chmod(0o640)
    os.setxattr(path, "user.note", b"mine")
    sites.migrate(path)
    before = path.stat()
    sites.delete(path)
    sites.later(20)
    assert sites.undelete(path).failed == {}
    found = path.stat()
    assert (found.st_size, found.st_mtime_ns, found.st_mode) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_mode,
    )
    assert os.getxattr(path, "user.note") == b"mine"
    for _ in range(3):
        sites.later()
    sites.expect_nothing_lost()
    assert sites.stones() == {}


def test_a_file_that_is_not_gone_is_left_as_it_is_by_undelete(sites: Sites) -> None:
    path = sites.migrated("data")
    assert sites.undelete(path).categories == {str(path): "skipped.already"}


def test_nobody_removes_what_somebody_begins_to_use(sites: Sites) -> None:
    """Whoever uses it while it is condemned comes back later; who used it before keeps it."""
    volume = sites.target.volume
    sites.delete(sites.migrated("data"))
    stone = tombstones.find(volume, "data")
    assert stone is not None

    def meanwhile(_: object) -> bool:
        with pytest.raises(Busy):
            tombstones.claim(volume, "data")
        return False

    assert not tombstones.remove(volume, stone, meanwhile)
    tombstones.claim(volume, "data")
    assert not tombstones.remove(volume, stone, lambda _: True)
    assert sites.objects() == {"data"}
    tombstones.bury(volume, stone)
    assert tombstones.remove(volume, stone, lambda _: True)
    with pytest.raises(MissingAtTarget):
        tombstones.claim(volume, "data")
